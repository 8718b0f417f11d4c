namespace Celeriac.Working.Processes;

/// <summary>What worker and child say to each other. The numbers are the wire's.</summary>
internal enum FrameKind : byte
{
    /// <summary>Child: it is there, and which version it speaks.</summary>
    Hello = 1,
    /// <summary>Worker: run this task.</summary>
    Run = 2,
    /// <summary>Worker: the run is to end, because the worker stops.</summary>
    Stop = 3,
    /// <summary>Worker: the run is to end, because remote control wants it.</summary>
    End = 4,
    /// <summary>Worker: the process is to end by this signal.</summary>
    Die = 5,
    /// <summary>Child: how the run has ended.</summary>
    Ended = 6,
    /// <summary>Child: write this state.</summary>
    State = 7,
    /// <summary>Worker: the state is written, or why not.</summary>
    StateWritten = 8,
    /// <summary>Child: send this event.</summary>
    Event = 9,
    /// <summary>Child: write this progress; answered as a state is.</summary>
    Progress = 10,
}

/// <summary>One thing said.</summary>
internal readonly record struct Frame(FrameKind Kind, ReadOnlyMemory<byte> Payload)
{
    /// <summary>The version of all frames: worker and child are one program, unless it was replaced while the worker runs.</summary>
    public const int Version = 1;

    /// <summary>No frame is longer.</summary>
    public const int Largest = 1 << 28;
}
