namespace Celeriac.Working.Processes;

/// <summary>How a run in a child has ended, what it has sent, and how much memory the child holds after it.</summary>
internal sealed record RunReport(Outcome Outcome, IReadOnlyList<string> Children, long ResidentBytes)
{
    /// <summary>True where the run has saved or read a checkpoint.</summary>
    public bool HasCheckpoint { get; init; }

    public ReadOnlyMemory<byte> Encode() => Payload.Write(writer =>
    {
        writer.Write(ResidentBytes);
        writer.PutTexts(Children);
        writer.Write(HasCheckpoint);
        Outcome.Accept(new OutcomeWriter(writer));
    });

    public static RunReport Decode(ReadOnlyMemory<byte> payload)
    {
        using var reader = Payload.Read(payload);
        var resident = reader.ReadInt64();
        var children = reader.TakeTexts();
        var hasCheckpoint = reader.ReadBoolean();
        return new RunReport(OutcomeWriter.Read(reader), children, resident) { HasCheckpoint = hasCheckpoint };
    }
}
