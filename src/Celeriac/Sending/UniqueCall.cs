using Celeriac.SharedState;

namespace Celeriac.Sending;

/// <summary>Says whether a call is unique and by which key: the task's name with its arguments by name, in one spelling, hashed.</summary>
internal static class UniqueCall
{
    private static readonly TimeSpan s_defaultWindow = TimeSpan.FromHours(1);

    /// <summary>The claim that the call needs; null where every call is sent.</summary>
    /// <exception cref="ArgumentException">A parameter that the key is made of is not given, or the window is none.</exception>
    public static UniqueClaim? Of(Signature signature)
    {
        var until = signature.Options.Unique ?? signature.Declared?.Unique ?? UniqueUntil.None;
        if (until == UniqueUntil.None)
        {
            return null;
        }
        var window = signature.Options.UniqueFor ?? signature.Declared?.UniqueFor ?? s_defaultWindow;
        if (window < TimeSpan.FromSeconds(1) || window > TimeSpan.FromDays(3650))
        {
            throw new ArgumentException($"Task '{signature.Task}' is to be unique for '{window}', but the window must be 1 s to 3650 days: it frees the task where its message was lost. Give one that is longer than the task waits or runs.", nameof(signature));
        }
        var key = signature.Options.UniqueKey is { } own
            ? StateKey.Of(UniqueClaim.Kind, signature.Task, "key", own)
            : StateKey.Of(UniqueClaim.Kind, signature.Task, new ArgumentKey(
                signature.Task, signature.Parameters, "is unique", "Correct UniqueBy, or give the key with UniqueKey.").Of(signature.Args, signature.Kwargs, signature.Declared?.UniqueBy ?? []));
        return new UniqueClaim(key, until, window);
    }
}
