using System.Text;
using Celeriac.Messaging;

namespace Celeriac.Messaging.Tests;

public sealed class BrokerUrlPropertyTests
{
    private const string Password = "Zq8Wx";
    private const string Url = $"amqp://user:{Password}@host:5672/vhost?option=5;amqp://user:{Password}@other//";
    private const string Alphabet = "ab19:/@?#;&=%[]. +-\\\n\0é\ud83d\ude00";
    private static readonly string[] Pieces = ["amqp", "sqlite", "memory", "://", "user", "@", "host", ":5672", "/", "?a=b", ";", "%41", "[::1]", "&", "%zz"];

    [Fact]
    public void Arbitrary_text_is_a_URL_or_a_BrokerUrlException()
    {
        var random = new Random(20261122);
        for (var round = 0; round < 50_000; round++)
        {
            ParseOrRefuse(Arbitrary(random));
        }
    }

    [Fact]
    public void A_URL_with_one_fault_does_not_show_its_password()
    {
        var random = new Random(20261123);
        for (var round = 0; round < 30_000; round++)
        {
            AssertHidden(Damage(random, Url, kept: ":" + Password));
        }
    }

    [Fact]
    public void A_URL_with_many_faults_around_its_credentials_does_not_show_its_password()
    {
        var random = new Random(20261125);
        for (var round = 0; round < 30_000; round++)
        {
            var url = Url;
            for (var count = random.Next(2, 6); count > 0; count--)
            {
                url = Damage(random, url, kept: $":{Password}@");
            }
            AssertHidden(url);
        }
    }

    [Fact]
    public void Escaped_parts_come_back_as_they_were()
    {
        var random = new Random(20261124);
        for (var round = 0; round < 10_000; round++)
        {
            var (user, password, path) = (Word(random), Word(random), Word(random));

            var url = BrokerUrl.Parse($"stomp://{Uri.EscapeDataString(user)}:{Uri.EscapeDataString(password)}@host/{Uri.EscapeDataString(path)}?name={Uri.EscapeDataString(path)}");

            Assert.Equal((user, password, path, path), (url.User, url.Password, url.Path, url.Text("name")));
        }
    }

    private static string ParseOrRefuse(string text)
    {
        try
        {
            return BrokerUrl.Parse(text).ToString();
        }
        catch (BrokerUrlException error)
        {
            return error.ToString();
        }
    }

    private static string Arbitrary(Random random)
    {
        var text = new StringBuilder();
        for (var count = random.Next(12); count > 0; count--)
        {
            text.Append(random.Next(2) == 0 ? Pieces[random.Next(Pieces.Length)] : Alphabet[random.Next(Alphabet.Length)].ToString());
        }
        return text.ToString();
    }

    private static void AssertHidden(string url) => Assert.DoesNotContain(Password, ParseOrRefuse(url), StringComparison.OrdinalIgnoreCase);

    // Removes, adds or changes one character outside of what is kept in one piece, so that a leak can be seen.
    private static string Damage(Random random, string url, string kept)
    {
        var text = url.Replace(kept, "\u0001", StringComparison.Ordinal);
        var index = random.Next(text.Length);
        var remove = random.Next(2) == 0 && text[index] != '\u0001' ? 1 : 0;
        var insert = random.Next(2) == 0 ? Alphabet[random.Next(Alphabet.Length)].ToString() : "";
        return text.Remove(index, remove).Insert(index, insert).Replace("\u0001", kept, StringComparison.Ordinal);
    }

    private static string Word(Random random)
    {
        var text = new StringBuilder("x");
        for (var count = random.Next(8); count > 0; count--)
        {
            text.Append("ab:/@?#;&=%[] +é漢"[random.Next(17)]);
        }
        return text.ToString();
    }
}
