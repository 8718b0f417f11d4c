namespace Celeriac;

/// <summary>
/// Something was asked for that needs shared state, and none is configured (<c>state_store</c>): nothing was published. Or a run that has lost its message
/// to another worker wanted to save a checkpoint.
/// </summary>
public sealed class SharedStateException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    public SharedStateException()
    {
    }

    /// <summary>Creates the exception.</summary>
    public SharedStateException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception.</summary>
    public SharedStateException(string message, Exception innerException) : base(message, innerException)
    {
    }
}
