using System.Globalization;
using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Conformance;

/// <summary>
/// The second process of the facts about shared state. Its argument is the store's URL. Commands, a line each: <c>raise KEY COUNT</c> adds one so often to the
/// number under a key and answers <c>raised</c> · <c>exit</c> ends.
/// </summary>
public static class StatePeerProgram
{
    /// <summary>Obeys until <c>exit</c> or the end of the input.</summary>
    public static async Task<int> RunAsync(string url)
    {
        await using var client = TaskClient.Open(new CeleriacOptions { BrokerUrl = "memory://peer", StateStore = url });
        Console.Out.WriteLine("ready");
        while (await Console.In.ReadLineAsync() is { } command && command != "exit")
        {
            if (command.Split(' ') is ["raise", var key, var count])
            {
                await RaiseAsync(client.State!, key, int.Parse(count, CultureInfo.InvariantCulture));
                Console.Out.WriteLine("raised");
            }
        }
        return 0;
    }

    /// <summary>Adds one so often to the number under a key.</summary>
    internal static async Task RaiseAsync(IStateStore store, string key, int count)
    {
        for (var raised = 0; raised < count; raised++)
        {
            var present = await store.ReadAsync([key]);
            while (true)
            {
                var entry = present.Find(key);
                var number = entry is null ? 0 : int.Parse(Encoding.UTF8.GetString(entry.Content.Span), CultureInfo.InvariantCulture);
                var change = new StateChange(key, Encoding.UTF8.GetBytes($"{number + 1}")) { ExpectedVersion = entry?.Version ?? 0 };
                var answer = await store.TryWriteAsync([change]);
                if (answer.IsWritten)
                {
                    break;
                }
                present = answer.Present;
            }
        }
    }
}
