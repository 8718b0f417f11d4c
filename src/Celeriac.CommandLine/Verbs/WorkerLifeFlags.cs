using System.CommandLine;

namespace Celeriac.CommandLine.Verbs;

/// <summary>The flags of <c>worker</c> that say how long it lives, how large it grows and who may ask after it.</summary>
internal sealed class WorkerLifeFlags
{
    private readonly Option<AutoscaleBounds?> _autoscale = new("--autoscale") { Description = "The most and the least tasks that run at once: grows when work waits, shrinks after 30 idle seconds.", HelpName = "max,min", CustomParser = OptionReading.Autoscale };
    private readonly Option<int?> _maxTasks = new("--max-tasks") { Description = "After how many tasks the worker stops warmly, with exit code 75, for its supervisor to start a fresh one.", HelpName = "number", CustomParser = OptionReading.Number(1, int.MaxValue) };
    private readonly Option<string?> _probe = new("--probe") { Description = "Answer GET /live, /ready and /lag on this port of this machine, or on an address such as 0.0.0.0:8080.", HelpName = "address", CustomParser = OptionReading.Probe };

    public void AddTo(Command command)
    {
        command.Add(_autoscale);
        command.Add(_maxTasks);
        command.Add(_probe);
    }

    public void Apply(ParseResult parse, WorkerOptions options)
    {
        options.Autoscale = parse.GetValue(_autoscale) ?? options.Autoscale;
        options.MaxTasks = parse.GetValue(_maxTasks) ?? options.MaxTasks;
        options.Probe = parse.GetValue(_probe) ?? options.Probe;
    }
}
