using System.Text;
using System.Text.Json.Nodes;
using Celeriac.Conformance;
using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;
using Celeriac.Protocol;
using Celeriac.Results;
using Celeriac.Tests.Protocol;

namespace Celeriac.Tests.Serialization;

public sealed class YamlTests
{
    private const int Depth = 66;
    private const int Bytes = 1 << 20;

    [Theory]
    [InlineData("", "null")]
    [InlineData("- 1\n- two\n- 3.5\n- null\n- ~\n- true\n", "[1,\"two\",3.5,null,null,true]")]
    [InlineData("a: 1\nb:\n- x\n- y: {z: []}\n", "{\"a\":1,\"b\":[\"x\",{\"y\":{\"z\":[]}}]}")]
    [InlineData("[yes, No, ON, off, 'yes', \"no\"]", "[true,false,true,false,\"yes\",\"no\"]")]
    [InlineData("[0x1F, 0b101, 017, 1_000, +5, -0, 190:20:30, '12']", "[31,5,15,1000,5,0,685230,\"12\"]")]
    [InlineData("[1.5, -2.0e+3, .5, 1., 1e3, 6.02e23]", "[1.5,-2000.0,0.5,1.0,\"1e3\",\"6.02e23\"]")]
    [InlineData("[.inf, -.INF, .NaN, 1:30.5]", "[\"Infinity\",\"-Infinity\",\"NaN\",90.5]")]
    [InlineData("[2030-01-02, 2030-01-02 03:04:05.000678+00:00, 1.2.3, 08]", "[\"2030-01-02\",\"2030-01-02 03:04:05.000678+00:00\",\"1.2.3\",\"08\"]")]
    [InlineData("123456789012345678901234567890", "123456789012345678901234567890")]
    [InlineData("{1: a, true: b, null: c, x: d}", "{\"1\":\"a\",\"true\":\"b\",\"null\":\"c\",\"x\":\"d\"}")]
    [InlineData("!!binary |\n  YW\n  Jj\n", "\"YWJj\"")]
    [InlineData("[!!str 1, !!int '2', !!float 3, !!null '', !!bool yes, ! 4, !!seq [], !!map {}]", "[\"1\",2,3.0,null,true,\"4\",[],{}]")]
    [InlineData("- &a [1, 2]\n- *a\n- &b {x: *a}\n- *b\n- &c 5\n- *c\n", "[[1,2],[1,2],{\"x\":[1,2]},{\"x\":[1,2]},5,5]")]
    [InlineData("a: &x\n- 1\nb: *x\n", "{\"a\":[1],\"b\":[1]}")]
    [InlineData("|\n  text\n  more\n", "\"text\\nmore\\n\"")]
    [InlineData("%YAML 1.1\n---\n- 1\n...\n", "[1]")]
    public void Plain_data_is_read_as_Pythons_safe_loader_reads_it(string yaml, string json) => Assert.Equal(json, Read(yaml));

    [Theory]
    [InlineData("!!python/object/apply:os.system ['x']", "tag")]
    [InlineData("!!python/name:os.system", "tag")]
    [InlineData("!mine {a: 1}", "tag")]
    [InlineData("!!set {a: null}", "tag")]
    [InlineData("!<tag:example.com,2020:x> 1", "tag")]
    [InlineData("!!int x", "of type int")]
    [InlineData("!!binary '*'", "base64")]
    [InlineData("- 1\n--- \n- 2\n", "more than one document")]
    [InlineData("[1, 2", "not YAML")]
    [InlineData("a: b: c", "not YAML")]
    [InlineData("- &a [*a]", "'*a'")]
    [InlineData("- *nothing", "'*nothing'")]
    [InlineData("{<<: {a: 1}}", "'<<'")]
    [InlineData("{[1]: 2}", "key")]
    public void What_is_more_or_less_than_data_is_refused_in_words(string yaml, string named) =>
        Assert.Contains(named, Assert.Throws<ContentException>(() => Read(yaml)).Message, StringComparison.Ordinal);

    [Fact]
    public void What_aliases_multiply_is_bounded()
    {
        var bomb = new StringBuilder("- &a0 [x,x,x,x,x,x,x,x,x,x]\n");
        for (var level = 1; level < 12; level++)
        {
            bomb.Append($"- &a{level} [{string.Join(',', Enumerable.Repeat($"*a{level - 1}", 10))}]\n");
        }
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Throws<ContentTooLargeException>(() => Read(bomb.ToString()));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 32 << 20);
    }

    [Theory]
    [InlineData(66, true)]
    [InlineData(67, false)]
    [InlineData(100_000, false)]
    public void Depth_is_bounded(int depth, bool isRead)
    {
        var yaml = new string('[', depth) + new string(']', depth);
        if (isRead)
        {
            Assert.Equal(yaml, Read(yaml));
        }
        else
        {
            Assert.Throws<ContentException>(() => Read(yaml));
        }
    }

    [Fact]
    public void Random_text_never_makes_another_exception()
    {
        var random = new Random(6);
        var alphabet = "-:[]{}&*!|>'\"#%@`,? \n\t0aé\\~<=.\0".ToCharArray();
        for (var round = 0; round < 3_000; round++)
        {
            var text = new string([.. Enumerable.Range(0, random.Next(60)).Select(_ => alphabet[random.Next(alphabet.Length)])]);
            try
            {
                JsonNode.Parse(Read(text));
            }
            catch (ContentException)
            {
                // Refused in words.
            }
        }
    }

    [Theory]
    [InlineData("[[2,2],{},{\"callbacks\":null,\"errbacks\":null,\"chain\":null,\"chord\":null}]", "- - 2\n  - 2\n- {}\n- callbacks: null\n  chain: null\n  chord: null\n  errbacks: null\n")]
    [InlineData("[\"yes\",\"n\",\"null\",\"1\",\"\",\"a b\",\"it's\",\"~\",\"2030-01-02\",\"1:30\",\"proj.add\",\"#x\"]", "- 'yes'\n- 'n'\n- 'null'\n- '1'\n- ''\n- 'a b'\n- 'it''s'\n- '~'\n- '2030-01-02'\n- '1:30'\n- proj.add\n- '#x'\n")]
    [InlineData("[\"a\\nb\",\"é\",\"😀\",\"\\\\\\u0001\\\"é\"]", "- \"a\\nb\"\n- \"\\xE9\"\n- \"\\U0001F600\"\n- \"\\\\\\x01\\\"\\xE9\"\n")]
    [InlineData("[1e5,1.5E3,2e-7,1.0,-0,12345678901234567890123]", "- 1.0e+5\n- 1.5e+3\n- 2.0e-7\n- 1.0\n- -0\n- 12345678901234567890123\n")]
    [InlineData("{\"b\":[1,[2]],\"a\":{\"d\":{},\"c\":[]}}", "a:\n  c: []\n  d: {}\nb:\n- 1\n- - 2\n")]
    [InlineData("[{\"b\":1,\"a\":[{\"x\":true}]}]", "- a:\n  - x: true\n  b: 1\n")]
    public void It_is_written_in_blocks_with_sorted_keys(string json, string yaml) => Assert.Equal(yaml, Written(json));

    [Fact]
    public void What_is_written_is_read_again()
    {
        var random = new Random(7);
        for (var round = 0; round < 1_000; round++)
        {
            var node = RandomNode(random, 0);
            Assert.True(JsonNode.DeepEquals(node, JsonNode.Parse(Read(Written(node?.ToJsonString() ?? "null")))), node?.ToJsonString());
        }
    }

    [Fact]
    public void A_task_travels_in_yaml_where_it_is_accepted()
    {
        var contents = TaskContents.Of(new CeleriacOptions { AcceptContent = ["json", "application/x-yaml"], TaskSerializer = "yaml", Formats = { YamlContent.Format } });
        var limits = new DecodeLimits { Contents = contents.Accepted };
        var signature = new Signature("math.add") { Options = new SendOptions { Compression = "zlib" } }.WithArgs("yes", 2.5, "é");
        var message = TaskMessageCodec.Encode(signature, new EncodeContext("i", "i", null, "o", null, null, null), contents);
        Assert.Equal(("application/x-yaml", "utf-8"), (message.ContentType, message.ContentEncoding));
        var request = TaskMessageCodec.Decode(message, limits).Request!;
        Assert.Equal("[\"yes\",2.5,\"é\"]", Encoding.UTF8.GetString(request.Body.Span.Slice(request.Args.Start, request.Args.Length)));
        var retry = TaskMessageCodec.EncodeRetry(request, 1, null, "w@host");
        Assert.Equal("application/x-yaml", retry.ContentType);
        Assert.Equal(1, TaskMessageCodec.Decode(retry, limits).Request!.Retries);
        Assert.Equal(QuarantineReason.ContentRefused, TaskMessageCodec.Decode(message, DecodeLimits.Default).Fault!.Reason);
        Assert.Equal("application/json", TaskMessageCodec.Encode(signature with { Declared = new TaskOptions { Serializer = "json" } }, new EncodeContext("i", "i", null, "o", null, null, null), contents).ContentType);
        Assert.Equal("application/json", TaskMessageCodec.Encode(signature.Set(options => options with { Serializer = "json" }), new EncodeContext("i", "i", null, "o", null, null, null), contents).ContentType);
    }

    [Theory]
    [InlineData("5.2.6")]
    [InlineData("5.6")]
    public void Pythons_yaml_task_is_read(string version)
    {
        var contents = TaskContents.Of(new CeleriacOptions { AcceptContent = ["yaml"], Formats = { YamlContent.Format } });
        var request = TaskMessageCodec.Decode(GoldenMessages.Find(version, "yaml").Message, new DecodeLimits { Contents = contents.Accepted }).Request!;
        Assert.Equal("[2,2]", Encoding.UTF8.GetString(request.Body.Span.Slice(request.Args.Start, request.Args.Length)));
        Assert.Equal(0, request.Chain.Length);
    }

    [Theory]
    [InlineData("!!python/object/apply:os.system ['x']", QuarantineReason.MalformedBody, "tag")]
    [InlineData("- []\n- {}\n", QuarantineReason.MalformedBody, "2 elements")]
    public void A_bad_yaml_task_is_a_fault(string yaml, QuarantineReason reason, string named)
    {
        var contents = TaskContents.Of(new CeleriacOptions { AcceptContent = ["yaml"], Formats = { YamlContent.Format } });
        var message = TestMessages.With(yaml) with { ContentType = "application/x-yaml" };
        var fault = TaskMessageCodec.Decode(message, new DecodeLimits { Contents = contents.Accepted }).Fault!;
        Assert.Equal(reason, fault.Reason);
        Assert.Contains(named, fault.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("yaml", "Celeriac.Yaml")]
    [InlineData("pickle", "pickle")]
    [InlineData("text", "lists and maps")]
    [InlineData("jsom", "Did you mean 'json'?")]
    public void A_format_that_tasks_cannot_have_is_refused_by_name(string name, string named)
    {
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => TaskContents.Of(new CeleriacOptions { AcceptContent = [name] })).Message, StringComparison.Ordinal);
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => TaskContents.Of(new CeleriacOptions { TaskSerializer = name })).Message, StringComparison.Ordinal);
        var signature = new Signature("t") { Options = new SendOptions { Serializer = name } };
        Assert.Contains(named, Assert.Throws<ArgumentException>(() => TaskMessageCodec.Encode(signature, new EncodeContext("i", "i", null, "o", null, null, null))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_yaml_body_is_read_as_a_value_in_the_messaging_layer()
    {
        var contents = ContentRegistry.Default.With(YamlContent.Format);
        var message = new Message { Body = "- 1\n- 2\n"u8.ToArray(), ContentType = "application/x-yaml" };
        Assert.Equal([1, 2], message.ReadJson<int[]>(contents: contents)!);
        Assert.Equal("- 1\n- 2\n", message.ReadText(contents));
    }

    [Fact(Timeout = 120_000)]
    public async Task A_worker_that_accepts_yaml_runs_it_and_one_that_does_not_puts_it_aside()
    {
        await using var transport = Transports.Create($"memory://{Guid.NewGuid():N}");
        var sends = new CeleriacOptions { DefaultQueue = "yaml", TaskSerializer = "yaml", AcceptContent = ["yaml"], Formats = { YamlContent.Format } };
        await using var results = ResultStores.Create(sends, transport, new TransportContext());
        await using var client = new TaskClient(transport, results, sends);

        Assert.Equal(3, await RunAsync(client, sends));
        var error = await Assert.ThrowsAsync<RemoteTaskException>(() => RunAsync(client, new CeleriacOptions { DefaultQueue = "yaml" }));
        Assert.Equal(("ContentDisallowed", 1), (error.RemoteType, (await transport.CountAsync("yaml.quarantine"))!.Ready));
    }

    private static async Task<int> RunAsync(TaskClient client, CeleriacOptions options)
    {
        using var stop = new CancellationTokenSource();
        var run = new Worker(client, new TaskRegistry([ConformanceTasks.AddTask.Definition]), new WorkerOptions { Concurrency = 1 }, options).RunAsync(stop.Token);
        try
        {
            return await (await client.SendAsync(ConformanceTasks.AddTask.S(1, 2))).GetAsync(TimeSpan.FromSeconds(60));
        }
        finally
        {
            await stop.CancelAsync();
            await run;
        }
    }

    private static string Read(string yaml) => Encoding.UTF8.GetString(YamlContent.Format.Translation!.ToJson(Encoding.UTF8.GetBytes(yaml), Depth, Bytes).Span);

    private static string Written(string json) => Encoding.UTF8.GetString(YamlContent.Format.Translation!.FromJson(Encoding.UTF8.GetBytes(json)).Span);

    private static JsonNode? RandomNode(Random random, int depth)
    {
        switch (random.Next(depth > 4 ? 5 : 7))
        {
            case 0: return null;
            case 1: return random.Next(2) == 0;
            case 2: return random.NextInt64();
            case 3: return Math.Round(random.NextDouble() * 1e6, 3) + 0.5;
            case 4: return RandomText(random);
            case 5: return new JsonArray([.. Enumerable.Range(0, random.Next(4)).Select(_ => RandomNode(random, depth + 1))]);
            default: return new JsonObject(Enumerable.Range(0, random.Next(4)).Select(_ => RandomText(random)).Distinct().Select(key => KeyValuePair.Create(key, RandomNode(random, depth + 1))));
        }
    }

    private static string RandomText(Random random)
    {
        const string alphabet = "abyYnN0159.:-+_eE~#&*!?|>'\"%@`{}[],<=\\/ \n\té中 x";
        return random.Next(20) == 0 ? new string('k', 300) : new string([.. Enumerable.Range(0, random.Next(8)).Select(_ => alphabet[random.Next(alphabet.Length)])]);
    }
}
