using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Celeriac.Messaging.Brokers;

/// <summary>The options of a URL as the system wants them.</summary>
internal static class BrokerTls
{
    /// <exception cref="TransportRefusedException">A certificate's file cannot be read.</exception>
    public static SslClientAuthenticationOptions OptionsFor(BrokerTlsOptions tls, BrokerUrl server)
    {
        var option = new SslClientAuthenticationOptions { TargetHost = tls.ServerName ?? server.Host };
        if (tls.ClientCertificate is { } file)
        {
            option.ClientCertificates = [Read(server, "client_certificate", file, () => ClientCertificate(tls, file))];
        }
        if (!tls.IsVerified)
        {
            // verify=false says so in the URL.
            option.RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null;
        }
        else if (tls.Authorities is { } authorities)
        {
            var trusted = Read(server, "ca", authorities, () => Authorities(authorities));
            option.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(trusted, certificate, chain, errors);
        }
        return option;
    }

    private static X509Certificate2 ClientCertificate(BrokerTlsOptions tls, string file)
    {
        if (!IsPem(file))
        {
            return X509CertificateLoader.LoadPkcs12FromFile(file, tls.Password);
        }
        return tls.Password is { } password
            ? X509Certificate2.CreateFromEncryptedPemFile(file, password, tls.ClientKey)
            : X509Certificate2.CreateFromPemFile(file, tls.ClientKey);
    }

    private static X509Certificate2Collection Authorities(string file)
    {
        var authorities = new X509Certificate2Collection();
        authorities.ImportFromPemFile(file);
        return authorities.Count > 0 ? authorities : throw new CryptographicException("it holds no certificate in PEM.");
    }

    /// <summary>The name must be right whatever is trusted; only the chain is judged by the authorities of the URL.</summary>
    private static bool IsTrusted(X509Certificate2Collection trusted, X509Certificate? certificate, X509Chain? presented, SslPolicyErrors errors)
    {
        if (certificate is not X509Certificate2 server || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
        {
            return false;
        }
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        if (presented is not null)
        {
            chain.ChainPolicy.ExtraStore.AddRange(presented.ChainElements.Select(element => element.Certificate).ToArray());
        }
        return chain.Build(server);
    }

    private static bool IsPem(string file)
    {
        Span<byte> start = stackalloc byte[5];
        using var stream = File.OpenRead(file);
        return stream.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && (start.SequenceEqual("-----"u8) || start[0] != 0x30);
    }

    private static T Read<T>(BrokerUrl server, string option, string file, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new TransportRefusedException($"The file '{file}' that {option} of '{server}' names cannot be used: {error.Message} Correct the file or the option.", error);
        }
    }
}
