using Celeriac.Messaging;

namespace Celeriac.Messaging.Tests;

public sealed class HeaderValueTests
{
    public static TheoryData<HeaderValue, HeaderKind, string> Values => new()
    {
        { HeaderValue.Null, HeaderKind.Null, "null" },
        { (string?)null, HeaderKind.Null, "null" },
        { (byte[]?)null, HeaderKind.Null, "null" },
        { true, HeaderKind.Bool, "true" },
        { 42, HeaderKind.Long, "42" },
        { long.MinValue, HeaderKind.Long, "-9223372036854775808" },
        { 0.5, HeaderKind.Double, "0.5" },
        { "text", HeaderKind.Text, "text" },
        { new byte[] { 1, 2 }, HeaderKind.Bytes, "2 bytes" },
        { HeaderValue.From([1, "a"]), HeaderKind.List, "[1, a]" },
        { HeaderValue.From(new MessageHeaders([new("a", 1)])), HeaderKind.Map, "{a: 1}" },
    };

    [Theory]
    [MemberData(nameof(Values))]
    public void A_value_has_a_kind_and_a_short_text(HeaderValue value, HeaderKind kind, string text)
    {
        Assert.Equal(kind, value.Kind);
        Assert.Equal(text, value.ToString());
    }

    [Fact]
    public void Values_are_equal_by_kind_and_content()
    {
        Assert.Equal(HeaderValue.From([1, new byte[] { 7 }]), HeaderValue.From([1, new byte[] { 7 }]));
        Assert.NotEqual<HeaderValue>(1, true);
        Assert.NotEqual<HeaderValue>(1, 1.0);
        Assert.NotEqual<HeaderValue>("1", 1);
        Assert.Equal<HeaderValue>(double.NaN, double.NaN);
    }

    [Fact]
    public void Equal_values_have_equal_hash_codes() =>
        Assert.Equal(HeaderValue.From([1, "a"]).GetHashCode(), HeaderValue.From([1, "a"]).GetHashCode());

    [Fact]
    public void Reading_a_value_as_another_kind_says_what_it_is()
    {
        HeaderValue value = "text";

        var error = Assert.Throws<InvalidOperationException>(() => value.AsLong());

        Assert.Equal("The header value is Text, not Long. Look at Kind first.", error.Message);
    }

    [Fact]
    public void Long_text_is_cut_for_logs() => Assert.Equal(201, HeaderValue.From(new string('a', 5000)).ToString().Length);
}
