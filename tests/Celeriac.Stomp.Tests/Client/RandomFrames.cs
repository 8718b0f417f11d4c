using FsCheck;
using FsCheck.Fluent;

namespace Celeriac.Stomp.Tests.Client;

/// <summary>Frames of every kind for the property tests.</summary>
internal static class RandomFrames
{
    private static readonly string[] Commands = ["CONNECTED", "MESSAGE", "RECEIPT", "ERROR", "SEND", "ACK", "SUBSCRIBE"];
    private static readonly string[] Names = ["destination", "message-id", "a", "příliš", "x:y", "tab\tbed", "new\nline", "\\", "😀"];

    private static readonly Gen<string> Value =
        from letters in Gen.Elements("a", "b", " ", ":", "\\", "\n", "\r", "\\n", "ž", "😀", "\t", "1", "\u007f", "{\"k\":1}").ListOf()
        select string.Concat(letters);

    private static readonly Gen<StompFrame> Frame =
        from command in Gen.Elements(Commands)
        from headers in (from name in Gen.Elements(Names) from value in Value select new KeyValuePair<string, string>(name, value)).ListOf()
        from body in Gen.Elements<byte>(0, 1, 10, 13, 65, 255).ListOf()
        select Make(command, headers, [.. body]);

    public static Arbitrary<List<StompFrame>> Lists { get; } = Frame.ListOf().Select(frames => frames.ToList()).ToArbitrary();

    /// <summary>Bytes that look like frames often enough to get anywhere in the parser.</summary>
    public static Arbitrary<byte[]> Garbage { get; } =
        (from pieces in Gen.Elements(
            "MESSAGE", "ERROR", "\n", "\n\n", "\r\n", "\0", ":", "a", "a:b\n", "content-length:", "3", "content-length:5\n", "\\", "\\c", "\\t", "-1", "99999999999", "RECEIPT\n", "receipt-id:1\n", "\u00ff", " ", "MESSAGE\na:b\n\nbody\0").ListOf()
         select System.Text.Encoding.Latin1.GetBytes(string.Concat(pieces))).ToArbitrary();

    public static Arbitrary<byte[]> Bytes { get; } = Gen.Choose(0, 255).Select(value => (byte)value).ListOf().Select(list => list.ToArray()).ToArbitrary();

    public static void Check<T>(Arbitrary<T> values, Func<T, bool> property, int count = 1000) =>
        FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(count).WithEndSize(60), Prop.ForAll(values, property));

    // What CONNECTED cannot escape is taken out; what a line end would take with it, too.
    private static StompFrame Make(string command, IEnumerable<KeyValuePair<string, string>> headers, byte[] body)
    {
        var possible = headers.Take(Wire.Headers - 1)
            .Where(header => command != "CONNECTED" || (!header.Key.AsSpan().ContainsAny(":\r\n") && !header.Value.AsSpan().ContainsAny("\r\n")));
        return new(command, [.. possible], body);
    }
}
