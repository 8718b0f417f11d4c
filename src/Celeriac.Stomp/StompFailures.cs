using Celeriac.Messaging;

namespace Celeriac.Stomp;

/// <summary>The client's failures in the words of the messaging layer.</summary>
internal static class StompFailures
{
    internal static async Task<T> TranslateAsync<T>(Func<Task<T>> call, string name)
    {
        try
        {
            return await call().ConfigureAwait(false);
        }
        catch (StompException error)
        {
            throw Translate(error, name);
        }
    }

    internal static async Task TranslateAsync(Func<Task> call, string name)
    {
        try
        {
            await call().ConfigureAwait(false);
        }
        catch (StompException error)
        {
            throw Translate(error, name);
        }
    }

    internal static TransportException Translate(StompException error, string name) => error switch
    {
        StompErrorException or StompRefusedException => new TransportRefusedException($"'{name}' refuses: {error.Message}", error),
        _ => new TransportException($"'{name}': {error.Message}", error),
    };
}
