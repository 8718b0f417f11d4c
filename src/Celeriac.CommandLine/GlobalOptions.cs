using System.CommandLine;

namespace Celeriac.CommandLine;

/// <summary>The options that every verb has, before or after its name.</summary>
internal sealed class GlobalOptions
{
    public Option<string?> App { get; } = new("--app", "-A") { Description = "A named app of this program; default the unnamed or only one.", HelpName = "name", Recursive = true };

    public Option<string?> Broker { get; } = new("--broker", "-b") { Description = "The broker's URL, over every setting.", HelpName = "url", Recursive = true };

    public Option<string?> ResultBackend { get; } = new("--result-backend") { Description = "Where results are, over every setting.", HelpName = "url", Recursive = true };

    public Option<bool> NoColour { get; } = new("--no-color", "-C") { Description = "No colours; the environment variable NO_COLOR does the same.", Recursive = true };

    public Option<bool> Quiet { get; } = new("--quiet", "-q") { Description = "Only the answer itself.", Recursive = true };

    public IEnumerable<Option> All => [App, Broker, ResultBackend, NoColour, Quiet];
}
