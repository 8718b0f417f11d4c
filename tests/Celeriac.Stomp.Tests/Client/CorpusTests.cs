using System.Globalization;

namespace Celeriac.Stomp.Tests.Client;

/// <summary>
/// What servers, other protocols and enemies have sent, kept as files. <c>frames-N-what.bin</c> holds N whole frames and nothing wrong;
/// <c>fault-what.bin</c> ends in one protocol exception.
/// </summary>
public sealed class CorpusTests
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Client", "Corpus");

    public static TheoryData<string> Entries => [.. Directory.GetFiles(Folder, "*.bin").Select(file => Path.GetFileNameWithoutExtension(file)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Entries))]
    public void Every_entry_ends_as_its_name_says_however_it_is_cut(string entry)
    {
        var bytes = File.ReadAllBytes(Path.Combine(Folder, entry + ".bin"));
        Replay(entry, [bytes]);
        Replay(entry, Wire.EveryByte(bytes));
        for (var cut = 1; cut < Math.Min(bytes.Length, 300); cut++)
        {
            Replay(entry, [bytes[..cut], bytes[cut..]]);
        }
    }

    private static void Replay(string entry, IEnumerable<byte[]> pieces)
    {
        var parts = entry.Split('-');
        if (parts[0] == "fault")
        {
            Assert.Throws<StompProtocolException>(() => Wire.Parse(pieces));
            return;
        }
        Assert.Equal("frames", parts[0]);
        Assert.Equal(int.Parse(parts[1], CultureInfo.InvariantCulture), Wire.Parse(pieces).Count);
    }
}
