namespace Celeriac.CommandLine.Verbs;

/// <summary>What <c>control revoke</c> says at its end: how many workers know, and whether those will that are away.</summary>
internal static class RevocationOutput
{
    public static bool Tells(string command) => command is "revoke" or "terminate" or "revoke_by_stamped_headers";

    public static int Tell(Session session, int answered, bool isKept, bool isForAll)
    {
        var terminal = session.Terminal;
        terminal.Tell("");
        terminal.Tell($"{answered} worker{(answered == 1 ? "" : "s")} answered.");
        if (isForAll)
        {
            terminal.Tell(isKept
                ? "It is kept in shared state: workers that were away honour it when they come."
                : "It is not kept in shared state (state_store): workers that were away do not know of it.");
        }
        if (answered == 0 && !isKept)
        {
            terminal.Fail(RemoteOptions.NobodyAnswered);
            return CommandLineProgram.Unavailable;
        }
        return CommandLineProgram.Done;
    }
}
