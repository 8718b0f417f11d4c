using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Celeriac.Tests.Control;
using Celeriac.Tests.Filters;
using Celeriac.Working.Life;
using Microsoft.Extensions.Logging.Abstractions;

namespace Celeriac.Tests.Working.Life;

public sealed class ProbeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("8080", "127.0.0.1:8080")]
    [InlineData("localhost:80", "127.0.0.1:80")]
    [InlineData("0.0.0.0:8080", "0.0.0.0:8080")]
    [InlineData("*:8080", "0.0.0.0:8080")]
    [InlineData("[::1]:8080", "[::1]:8080")]
    [InlineData("10.0.0.7:1", "10.0.0.7:1")]
    [InlineData("", null)]
    [InlineData("65536", null)]
    [InlineData("-1", null)]
    [InlineData("host.example:80", null)]
    [InlineData("::1:80", null)]
    [InlineData("[::1]", null)]
    public void An_address_is_a_port_of_this_machine_or_says_otherwise(string text, string? address) => Assert.Equal(address, ProbeAddress.Parse(text)?.ToString());

    [Fact(Timeout = 120_000)]
    public async Task A_worker_that_consumes_is_alive_and_ready_and_says_how_much_waits()
    {
        await using var stage = new Stage([Held.Definition], worker: options => (options.Probe, options.LagLimit) = ("0", 1));
        await stage.Worker.Ready.WaitAsync(Cancelled);
        var port = stage.Worker.Life.ProbeAddress!.Port;
        Assert.Equal((200, "the worker runs"), await AskAsync(port, "/live"));
        Assert.Equal((200, "the worker consumes"), await AskAsync(port, "/ready"));
        Assert.Equal((200, "0 messages wait in queue 'celery', the limit is 1"), await AskAsync(port, "/lag?verbose=1"));
    }

    [Fact(Timeout = 120_000)]
    public async Task Too_much_that_waits_is_503_on_lag_alone()
    {
        await using var stage = new Stage([Held.Definition], worker: options => (options.Probe, options.LagLimit, options.Concurrency) = ("0", 1, 1));
        var ids = new List<string>();
        for (var number = 0; number < 3; number++)
        {
            ids.Add((await stage.Client.SendAsync(Held.Signature, Cancelled)).Id);
        }
        await Held.StartedAsync(ids[0]);
        var port = stage.Worker.Life.ProbeAddress!.Port;
        Assert.Equal((503, "2 messages wait in queue 'celery', the limit is 1"), await AskAsync(port, "/lag"));
        Assert.Equal(200, (await AskAsync(port, "/ready")).Status);
        ids.ForEach(Held.Release);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_stopping_worker_is_alive_and_not_ready()
    {
        await using var fleet = new Fleet();
        var worker = await fleet.StartAsync(configure: options => options.Probe = "0");
        var sent = await fleet.Client.SendAsync(Held.Signature, Cancelled);
        await Held.StartedAsync(sent.Id);
        worker.Shutdown();
        var port = worker.Life.ProbeAddress!.Port;
        await Fleet.UntilAsync(() => worker.Life.Health.IsStopping);
        Assert.Equal((503, "the worker is stopping"), await AskAsync(port, "/ready"));
        Assert.Equal((200, "the worker is stopping"), await AskAsync(port, "/live"));
        Held.Release(sent.Id);
        await fleet.EndsAsync();
    }

    [Fact(Timeout = 120_000)]
    public async Task A_port_that_is_taken_keeps_the_worker_from_starting()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using var client = TaskClient.Open($"memory://{Guid.NewGuid():N}");
        var worker = new Worker(client, new TaskRegistry([]), new WorkerOptions { Probe = $"{port}" }, new CeleriacOptions());
        var fault = await Assert.ThrowsAsync<InvalidOperationException>(() => worker.RunAsync(Cancelled));
        Assert.StartsWith($"The probe cannot listen on '127.0.0.1:{port}'", fault.Message, StringComparison.Ordinal);
    }

    [Theory(Timeout = 120_000)]
    [InlineData("POST /live HTTP/1.1\r\n\r\n", 405)]
    [InlineData("GET /secrets HTTP/1.1\r\n\r\n", 404)]
    [InlineData("GET /live/../ready HTTP/1.1\r\n\r\n", 404)]
    [InlineData("GET /live\r\n\r\n", 400)]
    [InlineData("\r\n\r\n", 400)]
    [InlineData("GET  HTTP/1.1\r\n\r\n", 400)]
    [InlineData("\0\0\0\0\r\n\r\n", 400)]
    [InlineData("GET /live HTTP/1.0\r\n\r\n", 200)]
    public async Task What_is_no_question_is_refused(string request, int status)
    {
        await using var place = new Place();
        Assert.StartsWith($"HTTP/1.1 {status} ", await place.TellAsync(Encoding.Latin1.GetBytes(request)), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_request_without_end_is_read_no_further_than_4_KiB()
    {
        await using var place = new Place();
        Assert.StartsWith("HTTP/1.1 431 ", await place.TellAsync(Encoding.ASCII.GetBytes("GET /live HTTP/1.1\r\nX: " + new string('x', ProbeRequest.MostBytes - 23))), StringComparison.Ordinal);
    }

    [Fact(Timeout = 120_000)]
    public async Task Those_who_say_nothing_are_hung_up_on_and_then_others_are_answered()
    {
        var time = new SteppedTimer();
        await using var place = new Place(time);
        var silent = new List<Socket>();
        for (var number = 0; number < 40; number++)
        {
            silent.Add(await place.ConnectAsync());
        }
        await Fleet.UntilAsync(() => time.Timers >= 32);
        var asking = place.TellAsync("GET /live HTTP/1.1\r\n\r\n"u8.ToArray());
        time.FireAll();
        Assert.StartsWith("HTTP/1.1 200 ", await asking, StringComparison.Ordinal);
        silent.ForEach(socket => socket.Dispose());
    }

    [Fact(Timeout = 120_000)]
    public async Task A_request_in_single_bytes_is_understood()
    {
        await using var place = new Place();
        using var socket = await place.ConnectAsync();
        socket.NoDelay = true;
        foreach (var letter in "GET /ready HTTP/1.1\r\nHost: x\r\n\r\n"u8.ToArray())
        {
            await socket.SendAsync(new[] { letter }, Cancelled);
        }
        Assert.StartsWith("HTTP/1.1 200 OK\r\n", await ReadAsync(socket), StringComparison.Ordinal);
    }

    private static async Task<(int Status, string Text)> AskAsync(int port, string path)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{port}") };
        using var response = await http.GetAsync(new Uri(path, UriKind.Relative), Cancelled);
        var body = await response.Content.ReadAsStringAsync(Cancelled);
        Assert.EndsWith("}\n", body, StringComparison.Ordinal);
        var json = JsonNode.Parse(body)!;
        Assert.Equal(response.IsSuccessStatusCode, (bool)json["ok"]!);
        return ((int)response.StatusCode, (string)json["text"]!);
    }

    private static async Task<string> ReadAsync(Socket socket)
    {
        var text = new StringBuilder();
        var buffer = new byte[1024];
        for (int read; (read = await socket.ReceiveAsync(buffer, Cancelled)) > 0;)
        {
            text.Append(Encoding.UTF8.GetString(buffer, 0, read));
        }
        return text.ToString();
    }

    private sealed class Place : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly ProbeServer _server;
        private readonly Task _run;

        public Place(TimeProvider? time = null)
        {
            _server = new ProbeServer(new IPEndPoint(IPAddress.Loopback, 0), (_, _) => Task.FromResult(new HealthAnswer(true, "well")), "w1@test", time ?? TimeProvider.System, NullLogger.Instance);
            _run = _server.RunAsync(_stop.Token);
        }

        public async Task<Socket> ConnectAsync()
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(_server.Address, Cancelled);
            return socket;
        }

        public async Task<string> TellAsync(byte[] request)
        {
            using var socket = await ConnectAsync();
            await socket.SendAsync(request, Cancelled);
            return await ReadAsync(socket);
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run;
            _server.Dispose();
            _stop.Dispose();
        }
    }

    /// <summary>A clock whose timers fire when they are told to.</summary>
    private sealed class SteppedTimer : TimeProvider
    {
        private readonly List<(TimerCallback Callback, object? State)> _timers = [];

        public int Timers
        {
            get
            {
                lock (_timers)
                {
                    return _timers.Count;
                }
            }
        }

        public void FireAll()
        {
            List<(TimerCallback Callback, object? State)> timers;
            lock (_timers)
            {
                timers = [.. _timers];
            }
            timers.ForEach(timer => timer.Callback(timer.State));
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            lock (_timers)
            {
                _timers.Add((callback, state));
            }
            return new Timer();
        }

        private sealed class Timer : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period) => true;

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
