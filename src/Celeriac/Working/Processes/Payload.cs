using System.Text;

namespace Celeriac.Working.Processes;

/// <summary>What goes into a frame: fixed numbers, and texts and bytes after their length. A length beyond the frame is refused, never reserved.</summary>
internal static class Payload
{
    public static ReadOnlyMemory<byte> Write(Action<BinaryWriter> write)
    {
        var stream = new MemoryStream(512);
        using (var writer = new BinaryWriter(stream, Encoding.UTF8, leaveOpen: true))
        {
            write(writer);
        }
        return stream.GetBuffer().AsMemory(0, (int)stream.Length);
    }

    public static BinaryReader Read(ReadOnlyMemory<byte> payload) => new(new MemoryStream(payload.ToArray(), writable: false), Encoding.UTF8);

    public static void PutBytes(this BinaryWriter writer, ReadOnlyMemory<byte> bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes.Span);
    }

    public static void PutText(this BinaryWriter writer, string? text)
    {
        if (text is null)
        {
            writer.Write(-1);
            return;
        }
        writer.PutBytes(Encoding.UTF8.GetBytes(text));
    }

    public static void PutTime(this BinaryWriter writer, TimeSpan? time) => writer.Write(time?.Ticks ?? -1);

    public static void PutNumber(this BinaryWriter writer, int? number) => writer.Write(number ?? -1);

    public static void PutTexts(this BinaryWriter writer, IReadOnlyList<string> texts)
    {
        writer.Write(texts.Count);
        foreach (var text in texts)
        {
            writer.PutText(text);
        }
    }

    public static byte[] TakeBytes(this BinaryReader reader) => TakeBytes(reader, reader.ReadInt32());

    public static string? TakeText(this BinaryReader reader) => reader.ReadInt32() is var length and >= 0 ? Encoding.UTF8.GetString(TakeBytes(reader, length)) : null;

    public static string TakeRequiredText(this BinaryReader reader) => reader.TakeText() ?? throw new InvalidDataException("A frame of the process pool lacks a text that it must have.");

    public static TimeSpan? TakeTime(this BinaryReader reader) => reader.ReadInt64() is var ticks and >= 0 ? TimeSpan.FromTicks(ticks) : null;

    public static int? TakeNumber(this BinaryReader reader) => reader.ReadInt32() is var number and >= 0 ? number : null;

    public static List<string> TakeTexts(this BinaryReader reader)
    {
        var texts = new List<string>();
        for (var left = reader.ReadInt32(); left > 0; left--)
        {
            texts.Add(reader.TakeRequiredText());
        }
        return texts;
    }

    private static byte[] TakeBytes(BinaryReader reader, int length) =>
        length >= 0 && length <= reader.BaseStream.Length - reader.BaseStream.Position
            ? reader.ReadBytes(length)
            : throw new InvalidDataException($"A frame of the process pool announces {length} bytes that it does not have.");
}
