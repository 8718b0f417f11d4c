using System.ComponentModel;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Celeriac.Sqlite.Engine;

/// <summary>
/// Who has the file open, and how safely each of them commits: SQLite itself does not tell, and one process with weaker settings
/// makes a promise of the others untrue. Only Celeriac's own processes are seen; another program's settings cannot be detected.
/// </summary>
internal sealed class Sessions(Database database, SqliteOptions options, ILogger logger)
{
    private const string Full = "full";
    private const string Normal = "normal";

    private static readonly DateTime ProcessStart = Process.GetCurrentProcess().StartTime.ToUniversalTime();

    private readonly Statement _add = database.Prepare("INSERT INTO sessions(machine, process, started_at, synchronous) VALUES(?, ?, ?, ?)");
    private readonly Statement _remove = database.Prepare("DELETE FROM sessions WHERE id = ?");
    private readonly Statement _weaker = database.Prepare($"SELECT id, machine, process, synchronous FROM sessions WHERE id > ? AND synchronous <> '{Full}' ORDER BY id");
    private readonly Statement _here = database.Prepare("SELECT id, process, started_at FROM sessions WHERE machine = ?");
    private long _own;
    private long _reported;

    private string Synchronous => options.IsFullySynchronous ? Full : Normal;

    /// <summary>Enters this process in the list, takes out those of this machine that have died, and warns of weaker ones.</summary>
    public void Enter()
    {
        foreach (var dead in DeadHere())
        {
            _remove.With(dead).Run();
        }
        _add.With(Environment.MachineName).With((long)Environment.ProcessId).With(StartOfThisProcess).With(Synchronous).Run();
        _own = database.LastInsertedRow;
    }

    /// <summary>Warns of processes with weaker settings that were not reported before.</summary>
    public void WarnOfWeaker()
    {
        if (!options.IsFullySynchronous)
        {
            return;
        }
        _weaker.With(_reported);
        while (_weaker.Read())
        {
            _reported = _weaker.Number(0);
            Log.WeakerPeer(logger, options.Path, _weaker.Number(2), _weaker.Text(1), _weaker.Text(3), Synchronous);
        }
    }

    /// <summary>Takes this process out of the list.</summary>
    public void Leave() => _remove.With(_own).Run();

    /// <summary>A process of this machine that is alive and has the file open; null for none. Those of other machines cannot be looked for.</summary>
    public static long? FindLiveHere(Database database)
    {
        using var here = database.Prepare("SELECT process, started_at FROM sessions WHERE machine = ?");
        here.With(Environment.MachineName);
        while (here.Read())
        {
            if (IsAlive((int)here.Number(0), here.Number(1)))
            {
                return here.Number(0);
            }
        }
        return null;
    }

    private static long StartOfThisProcess => new DateTimeOffset(ProcessStart).ToUnixTimeSeconds();

    private List<long> DeadHere()
    {
        List<long> dead = [];
        _here.With(Environment.MachineName);
        while (_here.Read())
        {
            if (!IsAlive((int)_here.Number(1), _here.Number(2)))
            {
                dead.Add(_here.Number(0));
            }
        }
        return dead;
    }

    private static bool IsAlive(int process, long startedAt)
    {
        if (process == Environment.ProcessId)
        {
            // In a container every process may have the number 1: the time of the start tells the present one from its predecessor.
            return Math.Abs(startedAt - StartOfThisProcess) <= 1;
        }
        try
        {
            using var found = Process.GetProcessById(process);
            return !found.HasExited;
        }
        catch (Exception error) when (error is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return error is Win32Exception;
        }
    }
}
