namespace Celeriac.CommandLine;

/// <summary>The arguments make no sense: exit code 2.</summary>
internal sealed class UsageException(string message) : Exception(message);
