namespace Celeriac.Working.Processes;

/// <summary>Outcomes as data: a letter for the case, then what it holds.</summary>
internal sealed class OutcomeWriter(BinaryWriter writer) : IOutcomeVisitor<None>
{
    public static Outcome Read(BinaryReader reader) => (char)reader.ReadByte() switch
    {
        'S' => new Outcome.Succeeded(reader.TakeBytes()),
        'F' => new Outcome.Failed(ReadFailure(reader), (QuarantineReason?)reader.TakeNumber()),
        'T' => new Outcome.Retrying(ReadFailure(reader), TimeSpan.FromTicks(reader.ReadInt64())) { Queue = reader.TakeText(), Priority = (byte?)reader.TakeNumber() },
        'I' => new Outcome.Ignored { Replacement = reader.TakeBytes() },
        'J' => new Outcome.Rejected(reader.ReadBoolean(), reader.TakeRequiredText()),
        'E' => new Outcome.Expired(),
        'R' => new Outcome.Revoked(reader.TakeText()),
        'N' => new Outcome.Interrupted(),
        'L' => new Outcome.Lost(reader.TakeRequiredText()),
        var letter => throw new InvalidDataException($"A child process reports the outcome '{letter}', which this worker does not know."),
    };

    public None Succeeded(Outcome.Succeeded outcome)
    {
        writer.Write((byte)'S');
        writer.PutBytes(outcome.Result);
        return None.Value;
    }

    public None Failed(Outcome.Failed outcome)
    {
        writer.Write((byte)'F');
        WriteFailure(outcome.Failure);
        writer.PutNumber((int?)outcome.Quarantine);
        return None.Value;
    }

    public None Retrying(Outcome.Retrying outcome)
    {
        writer.Write((byte)'T');
        WriteFailure(outcome.Failure);
        writer.Write(outcome.Delay.Ticks);
        writer.PutText(outcome.Queue);
        writer.PutNumber(outcome.Priority);
        return None.Value;
    }

    public None Ignored(Outcome.Ignored outcome)
    {
        writer.Write((byte)'I');
        writer.PutBytes(outcome.Replacement);
        return None.Value;
    }

    public None Rejected(Outcome.Rejected outcome)
    {
        writer.Write((byte)'J');
        writer.Write(outcome.Requeue);
        writer.PutText(outcome.Reason);
        return None.Value;
    }

    public None Expired(Outcome.Expired outcome)
    {
        writer.Write((byte)'E');
        return None.Value;
    }

    public None Revoked(Outcome.Revoked outcome)
    {
        writer.Write((byte)'R');
        writer.PutText(outcome.TerminatedBy);
        return None.Value;
    }

    public None Interrupted(Outcome.Interrupted outcome)
    {
        writer.Write((byte)'N');
        return None.Value;
    }

    public None Lost(Outcome.Lost outcome)
    {
        writer.Write((byte)'L');
        writer.PutText(outcome.Reason);
        return None.Value;
    }

    private void WriteFailure(TaskFailure failure)
    {
        writer.PutText(failure.Type);
        writer.PutText(failure.Module);
        writer.PutTexts(failure.Arguments);
        writer.PutBytes(failure.ArgumentsJson);
        writer.PutText(failure.Traceback);
    }

    private static TaskFailure ReadFailure(BinaryReader reader)
    {
        var (type, module, arguments) = (reader.TakeRequiredText(), reader.TakeText(), reader.TakeTexts());
        var json = reader.TakeBytes();
        return new TaskFailure(type, module, arguments, reader.TakeText()) { ArgumentsJson = json };
    }
}
