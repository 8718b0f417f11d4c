using System.Reflection;
using System.Text;
using System.Text.Json;
using Celeriac.Protocol;

namespace Celeriac.Tests.Protocol;

public sealed class ExceptionCodecTests
{
    public static TheoryData<Exception, string, string?> Names => new()
    {
        { new ArgumentException("m"), "ValueError", "builtins" },
        { new ArgumentNullException("p", "m"), "ValueError", "builtins" },
        { new KeyNotFoundException("m"), "KeyError", "builtins" },
        { new InvalidCastException("m"), "TypeError", "builtins" },
        { new TaskArgumentException("m"), "TypeError", "builtins" },
        { new NotImplementedException("m"), "NotImplementedError", "builtins" },
        { new FileNotFoundException("m"), "FileNotFoundError", "builtins" },
        { new DirectoryNotFoundException("m"), "FileNotFoundError", "builtins" },
        { new UnauthorizedAccessException("m"), "PermissionError", "builtins" },
        { new EndOfStreamException("m"), "OSError", "builtins" },
        { new TimeoutException("m"), "TimeoutError", "builtins" },
        { new DivideByZeroException("m"), "ZeroDivisionError", "builtins" },
        { new OverflowException("m"), "OverflowError", "builtins" },
        { new InvalidOperationException("m"), "InvalidOperationException", "System" },
        { new OwnException("m"), "OwnException", "Celeriac.Tests.Protocol" },
        { new OwnException<int>("m"), "OwnException", "Celeriac.Tests.Protocol" },
        { new CeleryException("MyError", "proj.errors", "m"), "MyError", "proj.errors" },
        { new AggregateException(new TargetInvocationException(new TimeoutException("m"))), "TimeoutError", "builtins" },
        { new TaskRejectException("m"), "Reject", "celery.exceptions" },
        { new OutOfStockException("m"), "OutOfStock", "shop.errors" },
        { new OutOfBreadException("m"), "OutOfStock", "shop.errors" },
        { new NamelessException("m"), "NamelessException", "Celeriac.Tests.Protocol" },
        { new ArgumentOutOfRangeException("p", "m"), "ValueError", "builtins" },
        { new JsonException("m"), "JsonException", "System.Text.Json" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void An_exception_has_the_name_that_a_Python_caller_knows(Exception error, string type, string? module)
    {
        var failure = ExceptionCodec.FromException(error);
        Assert.Equal((type, module), (failure.Type, failure.Module));
        Assert.StartsWith("m", Assert.Single(failure.Arguments), StringComparison.Ordinal);
    }

    [Fact]
    public void An_index_out_of_range_is_Pythons_IndexError()
    {
        int[] empty = [];
        var error = Assert.Throws<IndexOutOfRangeException>(() => empty[1]);
        Assert.Equal("IndexError", ExceptionCodec.FromException(error).Type);
    }

    [Fact]
    public void Several_exceptions_inside_stay_an_aggregate() =>
        Assert.Equal("AggregateException", ExceptionCodec.FromException(new AggregateException(new TimeoutException(), new TimeoutException())).Type);

    [Fact]
    public void The_traceback_opens_as_Pythons_and_shows_stacks_and_causes()
    {
        var traceback = ExceptionCodec.FromException(Thrown()).Traceback!;
        Assert.StartsWith("Traceback (most recent call last):\n", traceback, StringComparison.Ordinal);
        Assert.Contains("System.InvalidOperationException: outer\n", traceback, StringComparison.Ordinal);
        Assert.Contains(nameof(Thrown), traceback, StringComparison.Ordinal);
        Assert.Contains("\n ---> System.TimeoutException: inner", traceback, StringComparison.Ordinal);
    }

    [Fact]
    public void Messages_and_tracebacks_are_bounded()
    {
        var failure = ExceptionCodec.FromException(new InvalidOperationException(new string('x', 1_000_000), new TimeoutException(new string('y', 1_000_000))));
        Assert.InRange(failure.Arguments[0].Length, 8 * 1024 - 50, 8 * 1024);
        Assert.InRange(failure.Traceback!.Length, 8 * 1024, 32 * 1024);
    }

    [Fact]
    public void What_is_cut_says_how_much_and_keeps_the_end_where_Python_says_what_went_wrong()
    {
        var traceback = $"Traceback (most recent call last):\n{string.Concat(Enumerable.Repeat("  File \"a.py\", line 1, in f\n", 10_000))}ValueError: boom";
        var failure = ExceptionCodec.Decode("""{"exc_type": "ValueError", "exc_message": ["boom"]}"""u8, traceback);
        Assert.InRange(failure.Traceback!.Length, 32 * 1024 - 50, 32 * 1024);
        Assert.StartsWith("Traceback (most recent call last):\n", failure.Traceback, StringComparison.Ordinal);
        Assert.EndsWith("\nValueError: boom", failure.Traceback, StringComparison.Ordinal);
        Assert.Matches(@" … \[2\d{5} characters left out\] … ", failure.Traceback);
    }

    [Fact]
    public void No_cut_parts_a_surrogate_pair()
    {
        for (var shift = 0; shift < 4; shift++)
        {
            var text = ExceptionText.Cut(new string('x', shift) + string.Concat(Enumerable.Repeat("😀", 1_000)), 501);
            Assert.Equal(text, Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)));
            Assert.InRange(text.Length, 400, 501);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(40)]
    [InlineData(49)]
    public void However_little_room_there_is_the_text_fits(int room) => Assert.InRange(ExceptionText.Cut(new string('x', 100_000), room).Length, 0, room);

    [Fact]
    public void All_arguments_together_are_bounded()
    {
        var json = $$"""{"exc_type": "E", "exc_message": [{{string.Join(',', Enumerable.Repeat($"\"{new string('x', 100_000)}\"", 60))}}]}""";
        Assert.InRange(ExceptionCodec.Decode(Encoding.UTF8.GetBytes(json), null).Arguments.Sum(argument => argument.Length), 8 * 1024, 16 * 1024);
        var failure = ExceptionCodec.FromException(new CeleryException("E", "m", [.. Enumerable.Repeat(new string('x', 100_000), 60)]));
        Assert.InRange(failure.Arguments.Sum(argument => argument.Length), 8 * 1024, 16 * 1024);
    }

    [Fact]
    public void Chosen_arguments_keep_their_type_on_the_wire()
    {
        var failure = ExceptionCodec.FromException(new CeleryException("HttpError", "proj.errors", "boom", 404, 1.5, true, null, 18446744073709551615UL, double.NaN, 1.10m, new RudeText()));
        Assert.Equal(
            """{"exc_type":"HttpError","exc_message":["boom",404,1.5,true,null,18446744073709551615,"NaN","1.10","(the argument cannot be read)"],"exc_module":"proj.errors"}""",
            Encoding.UTF8.GetString(ExceptionCodec.Encode(failure).Span));
        Assert.Equal(["boom", "404", "1.5", "True", "null", "18446744073709551615", "NaN", "1.10", "(the argument cannot be read)"], failure.Arguments);
    }

    [Fact]
    public void The_hard_limit_is_a_number_as_Python_writes_it() => Assert.Equal(
        """{"exc_type":"TimeLimitExceeded","exc_message":[1],"exc_module":"billiard.exceptions"}""",
        Encoding.UTF8.GetString(ExceptionCodec.Encode(ControlFailure.TimeLimitExceeded(TimeSpan.FromSeconds(1))).Span));

    [Fact]
    public void The_soft_limit_has_no_arguments() => Assert.Equal(
        """{"exc_type":"SoftTimeLimitExceeded","exc_message":[],"exc_module":"billiard.exceptions"}""",
        Encoding.UTF8.GetString(ExceptionCodec.Encode(ControlFailure.SoftTimeLimitExceeded()).Span));

    [Fact]
    public void A_caller_gets_each_argument()
    {
        var failure = ExceptionCodec.Decode("""{"exc_type": "E", "exc_message": ["boom", 42, null, {"a": [1]}], "exc_module": "m"}"""u8, "t");
        var error = ExceptionCodec.ToException("id", TaskStates.Failure, failure);
        Assert.Equal(["boom", "42", "null", "{\"a\": [1]}"], error.RemoteArguments);
        Assert.Equal("boom, 42, null, {\"a\": [1]}", error.RemoteMessage);
        Assert.EndsWith($"--- remote traceback ---{Environment.NewLine}t", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("System.InvalidOperationException", "System")]
    [InlineData("InvalidOperationException", "System")]
    [InlineData("System.Diagnostics.Process, System.Diagnostics.Process", null)]
    [InlineData("OutOfStockException", "Celeriac.Tests.Protocol.ExceptionCodecTests")]
    public void No_name_from_the_wire_is_looked_up(string type, string? module)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(new Dictionary<string, object?> { ["exc_type"] = type, ["exc_module"] = module, ["exc_message"] = new[] { "m" } });
        var error = ExceptionCodec.ToException("id", TaskStates.Failure, ExceptionCodec.Decode(json, null));
        Assert.Equal(typeof(RemoteTaskException), error.GetType());
        Assert.Equal((type, module), (error.RemoteType, error.RemoteModule));
    }

    [Fact]
    public void An_exception_whose_own_members_throw_is_still_a_failure()
    {
        var failure = ExceptionCodec.FromException(new RudeException());
        Assert.Equal("RudeException", failure.Type);
        Assert.Single(failure.Arguments);
    }

    [Fact]
    public void A_failure_is_written_as_Celery_writes_it()
    {
        var json = ExceptionCodec.Encode(new TaskFailure("ValueError", "builtins", ["boom", "42"], "t"));
        Assert.Equal("""{"exc_type":"ValueError","exc_message":["boom","42"],"exc_module":"builtins"}""", Encoding.UTF8.GetString(json.Span));
    }

    [Theory]
    [InlineData("""{"exc_type": "ValueError", "exc_message": ["boom", 42], "exc_module": "builtins"}""", "ValueError", "builtins", "boom|42")]
    [InlineData("""{"exc_type": "ValueError", "exc_message": "boom", "exc_module": "builtins"}""", "ValueError", "builtins", "boom")]
    [InlineData("""{"exc_type": "E", "exc_message": [[1, {"a": null}], NaN], "exc_module": null}""", "E", null, "[1, {\"a\": null}]|NaN")]
    [InlineData("""{"exc_type": "E", "exc_message": {"a": 1}}""", "E", null, "{\"a\": 1}")]
    [InlineData("""{"exc_type": "E", "exc_message": null, "extra": [1]}""", "E", null, "")]
    [InlineData("""{"exc_type": 5, "exc_message": [], "exc_module": ["os"]}""", "Exception", null, "")]
    [InlineData("""{"exc_message": ["\udc80"]}""", "Exception", null, "\ufffd")]
    [InlineData("{}", "Exception", null, "")]
    [InlineData("\"only text\"", "Exception", null, "only text")]
    [InlineData("[\"a\", 1]", "Exception", null, "a|1")]
    [InlineData("null", "Exception", null, "")]
    [InlineData("42", "Exception", null, "42")]
    [InlineData("{broken", "Exception", null, "{broken")]
    [InlineData("", "Exception", null, "")]
    public void Whatever_shape_a_failure_has_it_is_read(string json, string type, string? module, string arguments)
    {
        var failure = ExceptionCodec.Decode(Encoding.UTF8.GetBytes(json), "t");
        Assert.Equal((type, module, "t"), (failure.Type, failure.Module, failure.Traceback));
        Assert.Equal(arguments, string.Join('|', failure.Arguments).Replace("\"NaN\"", "NaN", StringComparison.Ordinal));
    }

    [Fact]
    public void A_command_in_the_place_of_an_exception_stays_text()
    {
        // CVE-2021-23727: Celery imported exc_module, took exc_type from it and called it with exc_message.
        var failure = ExceptionCodec.Decode("""{"exc_type": "Start", "exc_module": "System.Diagnostics.Process", "exc_message": ["rm", "-rf"]}"""u8, null);
        var error = ExceptionCodec.ToException("id", TaskStates.Failure, failure);
        Assert.Equal(typeof(RemoteTaskException), error.GetType());
        Assert.Equal(("Start", "System.Diagnostics.Process", "rm, -rf"), (error.RemoteType, error.RemoteModule, error.RemoteMessage));
    }

    [Fact]
    public void A_failure_survives_the_wire()
    {
        var sent = ExceptionCodec.FromException(Thrown());
        var received = ExceptionCodec.Decode(ExceptionCodec.Encode(sent).Span, sent.Traceback);
        Assert.Equal(sent.Arguments, received.Arguments);
        Assert.Equal(sent with { Arguments = received.Arguments }, received);
    }

    [Fact]
    public void Many_arguments_are_cut()
    {
        var json = $$"""{"exc_type": "E", "exc_message": [{{string.Join(',', Enumerable.Repeat("1", 100_000))}}]}""";
        Assert.Equal(64, ExceptionCodec.Decode(Encoding.UTF8.GetBytes(json), null).Arguments.Count);
    }

    [Fact]
    public void Random_JSON_never_makes_an_exception()
    {
        var random = new Random(4);
        var seed = """{"exc_type": "ValueError", "exc_message": ["boom", 42, NaN], "exc_module": "builtins"}"""u8.ToArray();
        for (var round = 0; round < 5_000; round++)
        {
            var json = seed.ToArray();
            for (var change = random.Next(5); change > 0; change--)
            {
                json[random.Next(json.Length)] = (byte)random.Next(256);
            }
            Assert.NotEmpty(ExceptionCodec.Decode(json.AsSpan(0, random.Next(json.Length + 1)), null).Type);
        }
    }

    private static InvalidOperationException Thrown()
    {
        try
        {
            throw new InvalidOperationException("outer", new TimeoutException("inner"));
        }
        catch (InvalidOperationException error)
        {
            return error;
        }
    }

    [CeleryException("OutOfStock", "shop.errors")]
    private class OutOfStockException(string message) : ArgumentException(message);

    private sealed class OutOfBreadException(string message) : OutOfStockException(message);

    [CeleryException("", "shop.errors")]
    private sealed class NamelessException(string message) : Exception(message);

    private sealed class RudeText
    {
        // The exception's own message is made of the arguments too, so only the second call is rude.
        private int _calls;

        public override string ToString() => _calls++ == 0 ? "once" : throw new InvalidOperationException();
    }

    private sealed class OwnException(string message) : IOException(message);

    private sealed class OwnException<T>(string message) : Exception(message);

    private sealed class RudeException : Exception
    {
        public override string Message => throw new InvalidOperationException();
        public override string StackTrace => throw new InvalidOperationException();
    }
}
