using System.Diagnostics;
using System.Globalization;

namespace Celeriac.Brokers;

/// <summary>
/// A PostgreSQL server, as Debian packages it, with its defaults of durability (fsync and synchronous_commit on). It refuses to run as root:
/// there it runs as the package's user <c>postgres</c>.
/// </summary>
public sealed class PostgresServer : BrokerServer
{
    private const string Programs = "/usr/lib/postgresql";
    private const string User = "celeriac";
    private const string Password = "se+cret";
    private readonly PostgresOptions _options;
    private readonly string _programs;

    private PostgresServer(PostgresOptions options, string programs) : base("postgres") => (_options, _programs, Port) = (options, programs, FreePorts.Find(1)[0]);

    /// <summary>The port.</summary>
    public int Port { get; }

    /// <summary>The URL: <c>postgres://user:password@127.0.0.1:port/postgres</c>; the user may do everything.</summary>
    public string Url => $"postgres://{User}:{Uri.EscapeDataString(Password)}@127.0.0.1:{Port}/postgres";

    /// <summary>The same for Npgsql.</summary>
    public string ConnectionString => $"Host=127.0.0.1;Port={Port};Username={User};Password={Password};Database=postgres";

    private protected override TimeSpan StartTimeout => _options.StartTimeout;

    // SIGTERM waits for every client to leave.
    private protected override string StopSignal => "INT";

    /// <summary>Starts a server; returns once it answers.</summary>
    /// <exception cref="BrokerNotInstalledException">PostgreSQL is not installed.</exception>
    /// <exception cref="BrokerException">It did not start; the message holds its log.</exception>
    public static async Task<PostgresServer> StartAsync(PostgresOptions? options = null)
    {
        var versions = Directory.Exists(Programs) ? Directory.GetDirectories(Programs) : [];
        var newest = versions.Where(version => File.Exists($"{version}/bin/postgres"))
            .MaxBy(version => int.TryParse(Path.GetFileName(version), CultureInfo.InvariantCulture, out var number) ? number : 0);
        BrokerNotInstalledException.ThrowIfMissing($"{newest ?? $"{Programs}/15"}/bin/postgres", "postgresql");
        var server = new PostgresServer(options ?? new PostgresOptions(), $"{newest}/bin");
        await server.FirstRunAsync();
        return server;
    }

    /// <summary>Runs statements with <c>psql</c>; answers what it printed: a line a row, columns parted by <c>|</c>.</summary>
    /// <exception cref="BrokerException">It failed; the message holds what it said.</exception>
    public Task<string> ControlAsync(string statements) =>
        RunToolAsync("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", $"{Port}", "-U", User, "-d", "postgres", "-c", statements);

    /// <summary>Kills the server and each of its processes, as a power failure would. Its data stay.</summary>
    public override async Task KillAsync()
    {
        // They are in sessions of their own and would finish what they are at.
        var backends = ChildrenOf(ProcessId);
        await base.KillAsync();
        foreach (var backend in backends)
        {
            try
            {
                using var process = Process.GetProcessById(backend);
                process.Kill();
                await process.WaitForExitAsync();
            }
            catch (Exception error) when (error is ArgumentException or InvalidOperationException)
            {
                // It has ended with its server.
            }
        }
    }

    private protected override (IReadOnlyDictionary<string, string> Environment, string[] Command) Launch() =>
        (PlainEnvironment(Folder), [.. AsUser(), $"{_programs}/postgres", "-D", Below("data")]);

    private protected override async Task<bool> IsReadyAsync()
    {
        try
        {
            return await ControlAsync("SELECT 1") == "1";
        }
        catch (BrokerException)
        {
            return false;
        }
    }

    private protected override void Configure()
    {
        File.WriteAllText(Below("password"), Password);
        if (Environment.IsPrivilegedProcess)
        {
            Run("/bin/chown", "-R", "postgres:", Folder);
        }
        Run([.. AsUser(), $"{_programs}/initdb", "-D", Below("data"), "-U", User, "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--auth=scram-sha-256", $"--pwfile={Below("password")}"]);
        File.AppendAllText(Path.Combine(Below("data"), "postgresql.conf"), $"""

            listen_addresses = '127.0.0.1'
            port = {Port}
            unix_socket_directories = '{Folder}'
            max_connections = 300
            shared_buffers = '64MB'
            shared_preload_libraries = 'pg_stat_statements'
            {_options.ExtraConfiguration}

            """);
    }

    private static string[] AsUser() => Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] : [];

    private void Run(params string[] command)
    {
        using var process = Process.Start(StartInfo(command))!;
        var said = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new BrokerException($"'{string.Join(' ', command)}' ended with exit code {process.ExitCode}: {said.GetAwaiter().GetResult()}");
        }
    }

    private async Task<string> RunToolAsync(string tool, params string[] arguments)
    {
        using var process = Process.Start(StartInfo([$"{_programs}/{tool}", .. arguments]))!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output.TrimEnd('\n')
            : throw new BrokerException($"'{tool}' ended with exit code {process.ExitCode}: {output}{await errors}");
    }

    private ProcessStartInfo StartInfo(string[] command)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = Folder };
        start.Environment["PGPASSWORD"] = Password;
        return start;
    }

    private static int[] ChildrenOf(int parent) =>
        [.. Process.GetProcesses().Select(process => process.Id).Where(id => ParentOf(id) == parent)];

    private static int ParentOf(int id)
    {
        try
        {
            // The program's name, in brackets, may hold blanks.
            var status = File.ReadAllText($"/proc/{id}/stat");
            return int.Parse(status[(status.LastIndexOf(')') + 2)..].Split(' ')[1], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}
