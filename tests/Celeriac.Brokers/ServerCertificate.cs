using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Celeriac.Brokers;

/// <summary>A certificate for 127.0.0.1 and localhost with an authority of its own, made anew for each server.</summary>
internal sealed class ServerCertificate
{
    /// <summary>The password of the key store.</summary>
    public const string StorePassword = "celeriac";

    private ServerCertificate(string folder)
    {
        AuthorityFile = Path.Combine(folder, "authority.pem");
        CertificateFile = Path.Combine(folder, "server.pem");
        KeyFile = Path.Combine(folder, "server.key");
        StoreFile = Path.Combine(folder, "server.p12");
    }

    /// <summary>The authority's certificate, which a client trusts.</summary>
    public string AuthorityFile { get; }

    public string CertificateFile { get; }

    public string KeyFile { get; }

    /// <summary>Key and certificate as PKCS #12, for Java.</summary>
    public string StoreFile { get; }

    public static ServerCertificate Create(string folder)
    {
        var files = new ServerCertificate(folder);
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        using var authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var authorityRequest = new CertificateRequest("CN=Celeriac test authority", authorityKey, HashAlgorithmName.SHA256);
        authorityRequest.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        authorityRequest.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        using var authority = authorityRequest.CreateSelfSigned(from, until);

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Request(key).Create(authority, from.AddHours(1), until.AddHours(-1), RandomNumberGenerator.GetBytes(12));
        using var withKey = certificate.CopyWithPrivateKey(key);

        File.WriteAllText(files.AuthorityFile, authority.ExportCertificatePem());
        File.WriteAllText(files.CertificateFile, certificate.ExportCertificatePem());
        File.WriteAllText(files.KeyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllBytes(files.StoreFile, withKey.Export(X509ContentType.Pkcs12, StorePassword));
        return files;
    }

    private static CertificateRequest Request(ECDsa key)
    {
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        names.AddDnsName("localhost");
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], false));
        return request;
    }
}
