namespace Celeriac.Brokers;

/// <summary>A broker could not be started or controlled; the message ends with what it logged.</summary>
public class BrokerException(string message) : Exception(message);

/// <summary>The program of a broker is not installed.</summary>
public sealed class BrokerNotInstalledException(string program, string package)
    : BrokerException($"The program '{program}' is not installed. Install the Debian package '{package}' (./build.sh does it) and start again.")
{
    /// <summary>Throws when a file is missing.</summary>
    internal static void ThrowIfMissing(string program, string package)
    {
        if (!File.Exists(program))
        {
            throw new BrokerNotInstalledException(program, package);
        }
    }
}
