using Celeriac.Messaging;

namespace Celeriac.Conformance;

/// <summary>
/// Where the facts of <see cref="TransportConformance"/> run: a place of one fact's own in a messaging system, and the connections to it.
/// A transport's test project derives from it and names the URL; xunit makes one for each fact.
/// </summary>
/// <remarks>
/// The clock is the real one: leases and other processes cannot be given another. The facts keep their times short instead.
/// </remarks>
public abstract class TransportHarness : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _opened = [];
    private readonly string _place = Guid.NewGuid().ToString("N")[..12];

    /// <summary>The URL of the place. The same harness always answers the same URL, and no other harness uses the same place.</summary>
    public abstract string Url { get; }

    /// <summary>
    /// The URL of the same place for a process whose lease ends one second after it stops renewing it, for transports with
    /// <see cref="TransportCapabilities.FencedLeases"/>. Default: <see cref="Url"/> with the option <c>lease=1s</c>.
    /// </summary>
    public virtual string ShortLeaseUrl => UrlWith("lease=1s");

    /// <summary>
    /// The assembly of the peer program, a console program whose <c>Main</c> registers the transport and calls <see cref="PeerProgram.RunAsync"/>.
    /// Null, the default, for a transport that does not claim <see cref="TransportCapabilities.SharedBetweenProcesses"/>.
    /// </summary>
    public virtual string? PeerAssembly => null;

    /// <summary>
    /// The network between <see cref="Url"/> and the broker, which the facts about lost connections make fail: it stands before this harness's
    /// connections only. Null, the default, for a store inside the process, which has none; a server's harness must name one.
    /// </summary>
    public virtual TcpProxy? Network => null;

    /// <summary>True, the default, where messages that a consumer fetched and did not take come back to their old place in the queue. A quorum queue may put some of them behind others.</summary>
    public virtual bool ReturnsInOrder => true;

    /// <summary>How long a fact waits for what must happen before it fails; default 30 seconds, for a busy machine. It must be less than half of a fact's limit of 120 seconds.</summary>
    public virtual TimeSpan Patience => TimeSpan.FromSeconds(30);

    /// <summary>The name of an exchange, queue or document for a stem. Names of different harnesses differ, so that they may share one broker.</summary>
    /// <param name="stem">What the name stands for in the fact, for example <c>mail</c>.</param>
    public string NameOf(string stem) => $"{stem}-{_place}";

    /// <summary>Called before everything else, once for each fact: the place to wait for a broker that the tests start. Default: nothing.</summary>
    public virtual ValueTask StartAsync() => ValueTask.CompletedTask;

    /// <summary>Makes a transport, not connected, that lives until the harness is disposed.</summary>
    /// <param name="url">The URL; null for <see cref="Url"/>.</param>
    public ITransport Open(string? url = null) => Own(Create(url ?? Url));

    /// <summary>The URL of the place with further options, for example <c>heartbeat=1s</c>.</summary>
    public string UrlWith(params string[] options) => $"{Url}{(Url.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{string.Join('&', options)}";

    /// <summary>Starts the peer program on the place and waits until it is connected. It is killed when the harness is disposed.</summary>
    /// <param name="url">The URL; null for <see cref="Url"/>.</param>
    public async Task<PeerProcess> StartPeerAsync(string? url = null)
    {
        Assert.True(PeerAssembly is not null, "The transport claims SharedBetweenProcesses, so its harness must name a PeerAssembly for the facts that start a second process.");
        var peer = Own(new PeerProcess(PeerAssembly, Patience, url ?? Url));
        await peer.WaitForAsync("ready");
        return peer;
    }

    /// <summary>Disposes everything that was opened, the newest first, then calls <see cref="CleanUpAsync"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        foreach (var opened in Enumerable.Reverse(_opened))
        {
            await opened.DisposeAsync();
        }
        await CleanUpAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Makes a transport for a URL of this place. Default: <see cref="Transports.Create(string, TransportContext?)"/>.</summary>
    protected virtual ITransport Create(string url) => Transports.Create(url);

    /// <summary>Removes what the fact has left in the place, for example a store's file. Default: nothing.</summary>
    protected virtual ValueTask CleanUpAsync() => ValueTask.CompletedTask;

    private T Own<T>(T opened) where T : IAsyncDisposable
    {
        lock (_opened)
        {
            _opened.Add(opened);
        }
        return opened;
    }
}
