using System.Text;
using Celeriac.Messaging.Serialization;
using Celeriac.Postgres.Pickles;

namespace Celeriac.Postgres.Tests;

/// <summary>The pickles are what <c>python3 -c "import pickle; print(pickle.dumps(…).hex())"</c> of Python 3.11 printed.</summary>
public sealed class PickleTests
{
    [Theory]
    [InlineData("80054b052e", "5")]
    [InlineData("80044e2e", "null")]
    [InlineData("80049528000000000000005d94284b014afeffffff4d2c014a701101008a0500000080008a090000000000000000018889652e", "[1,-2,300,70000,2147483648,18446744073709551616,true,false]")]
    [InlineData("80049526000000000000007d94288c0161945d948c0162947d948c0163944b0185948c016494473ff8000000000000752e", """{"a":[],"b":{},"c":[1],"d":1.5}""")]
    public void What_Python_pickled_is_read_as_json(string pickle, string json) =>
        Assert.Equal(json, Encoding.UTF8.GetString(Pickle.ToJson(Convert.FromHexString(pickle))));

    [Theory]
    [InlineData("null")]
    [InlineData("-7")]
    [InlineData("9223372036854775808")]
    [InlineData("-36893488147419103232")]
    [InlineData("0.1")]
    [InlineData("1.0")]
    [InlineData("\"a\"")]
    [InlineData("""[{"exc_type":"ValueError","exc_message":["boom",42],"exc_module":"builtins"},[],{},true]""")]
    public void What_is_written_is_read_again(string json) =>
        Assert.Equal(json, Encoding.UTF8.GetString(Pickle.ToJson(Pickle.FromJson(Encoding.UTF8.GetBytes(json)))));

    [Theory]
    [InlineData("5", "80044a050000002e")]
    [InlineData("[null,true]", "80045d284e88652e")]
    [InlineData("""{"a":"b"}""", "80047d28580100000061580100000062752e")]
    public void The_written_bytes_are_protocol_4(string json, string pickle) =>
        Assert.Equal(pickle, Convert.ToHexStringLower(Pickle.FromJson(Encoding.UTF8.GetBytes(json))));

    [Theory]
    // pickle.dumps(print), a datetime, a call of os.system written by hand in protocol 2, a persistent id, an extension.
    [InlineData("80049516000000000000008c086275696c74696e73948c057072696e749493942e")]
    [InlineData("8002636f730a73797374656d0a5802000000696485522e")]
    [InlineData("80024b01512e")]
    [InlineData("800282012e")]
    [InlineData("8002284b01696f730a73797374656d0a2e")]
    public void What_names_a_class_or_calls_something_is_refused_with_its_opcode(string pickle)
    {
        var error = Assert.Throws<ContentException>(() => Pickle.ToJson(Convert.FromHexString(pickle)));
        Assert.Contains("opcode 0x", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_opcodes_read_are_those_of_plain_values_and_nothing_more()
    {
        // CELERY-PROTOCOL 13.3: PROTO FRAME MEMOIZE · NONE NEWTRUE NEWFALSE · BININT BININT1 BININT2 LONG1 BINFLOAT · the texts and bytes with lengths · lists, dictionaries and tuples · BINGET
        // LONG_BINGET BINPUT LONG_BINPUT · STOP.
        byte[] known = [0x80, 0x95, 0x94, (byte)'N', 0x88, 0x89, .. "JKM"u8, 0x8a, (byte)'G', 0x8c, (byte)'X', 0x8d, .. "CB"u8, 0x8e, .. "(])}taesu"u8, 0x85, 0x86, 0x87, .. "hjqr."u8];
        var read = Enumerable.Range(0, 256).Where(opcode => !Refusal((byte)opcode).Contains("opcode 0x", StringComparison.Ordinal));
        Assert.Equal(known.Select(opcode => (int)opcode).Order(), read);

        static string Refusal(byte opcode) => Assert.Throws<ContentException>(() => Pickle.ToJson([0x80, 5, opcode])).Message;
    }

    [Fact]
    public void A_pickle_of_protocol_2_with_many_texts_is_read()
    {
        // As Python writes ["t0", "t1", …]: each text is put into the memo, from the 256th on with four bytes of number.
        List<byte> pickle = [0x80, 2, (byte)']', (byte)'q', 0, (byte)'('];
        for (var number = 1; number <= 300; number++)
        {
            var text = Encoding.ASCII.GetBytes($"t{number - 1}");
            pickle.AddRange([(byte)'X', (byte)text.Length, 0, 0, 0, .. text, .. number < 256 ? [(byte)'q', (byte)number] : new byte[] { (byte)'r', (byte)number, (byte)(number >> 8), 0, 0 }]);
        }
        pickle.AddRange([(byte)'e', (byte)'.']);
        Assert.Equal(Enumerable.Range(0, 300).Select(number => $"t{number}"), System.Text.Json.JsonSerializer.Deserialize<string[]>(Pickle.ToJson([.. pickle]))!);
    }

    [Fact]
    public void A_number_of_hundreds_of_digits_is_no_key() =>
        Assert.Contains("16 bytes", Assert.Throws<ContentException>(() => Pickle.ToJson([0x80, 5, (byte)'}', 0x8a, 255, .. Enumerable.Repeat((byte)1, 255), (byte)'N', (byte)'s', (byte)'.'])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_pickle_of_more_values_or_bytes_than_are_read_is_refused()
    {
        Assert.Contains("values", Assert.Throws<ContentException>(() => Pickle.ToJson([0x80, 5, .. Enumerable.Repeat((byte)'N', 5_000_000), (byte)'.'])).Message, StringComparison.Ordinal);
        Assert.Contains("MiB", Assert.Throws<ContentException>(() => Pickle.ToJson(new byte[(16 << 20) + 1])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("8005")]
    [InlineData("80054b05")]
    [InlineData("80052e")]
    [InlineData("8005652e")]
    [InlineData("80054b01612e")]
    [InlineData("800568002e")]
    [InlineData("80055dffffffff2e")]
    [InlineData("800558ffffffff2e")]
    [InlineData("80058dffffffffffffffff2e")]
    [InlineData("80057d284b01752e")]
    [InlineData("800528612e")]
    [InlineData("80052885652e")]
    [InlineData("80058c01ff2e")]
    [InlineData("800647000000000000f87f2e")]
    [InlineData("8005477ff00000000000002e")]
    public void A_damaged_pickle_is_a_content_error(string pickle) =>
        Assert.Throws<ContentException>(() => Pickle.ToJson(Convert.FromHexString(pickle)));

    [Fact]
    public void A_list_that_holds_itself_is_refused() =>
        Assert.Throws<ContentException>(() => Pickle.ToJson(Convert.FromHexString("80055d946800612e")));

    [Fact]
    public void Depth_is_bounded_in_both_directions()
    {
        Assert.Throws<ContentException>(() => Pickle.ToJson([0x80, 5, .. Enumerable.Repeat((byte)']', 100_000), .. Enumerable.Repeat((byte)'a', 99_999), (byte)'.']));
        Assert.Throws<ContentException>(() => Pickle.FromJson(Encoding.ASCII.GetBytes(new string('[', 1000) + new string(']', 1000))));
    }

    [Fact]
    public void A_small_pickle_that_names_its_parts_again_and_again_does_not_fill_the_memory()
    {
        Assert.Contains("MiB", Assert.Throws<ContentException>(() => Pickle.ToJson([.. Bomb(12)])).Message, StringComparison.Ordinal);
    }

    // Lists, each of which holds the one before ten times.
    private static List<byte> Bomb(byte levels)
    {
        List<byte> pickle = [0x80, 5, (byte)'(', (byte)']', 0x94];
        for (byte level = 0; level < levels; level++)
        {
            pickle.Add((byte)'(');
            pickle.AddRange(Enumerable.Repeat<byte[]>([(byte)'h', level], 10).SelectMany(recalled => recalled));
            pickle.AddRange([(byte)'t', 0x94]);
        }
        return [.. pickle, (byte)'t', (byte)'.'];
    }
}
