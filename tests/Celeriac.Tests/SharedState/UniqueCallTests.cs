using Celeriac.Messaging;
using Celeriac.SharedState;
using Celeriac.Sending;

namespace Celeriac.Tests.SharedState;

public sealed class UniqueCallTests
{
    private static readonly TaskParameter[] s_parameters =
        [new("userId", TaskParameterKind.Required, "int"), new("order", TaskParameterKind.Optional, "object"), new("rest", TaskParameterKind.Rest, "int")];

    [Theory]
    [InlineData("[1,{\"a\":1,\"b\":[1, 2]}]", "{}", "[1,{\"b\":[1,2],\"a\":1}]", "{}")]
    [InlineData("[1,2]", "{}", "[1]", "{\"order\":2}")]
    [InlineData("[1,2]", "{}", "[]", "{\"order\":2,\"user_id\":1}")]
    [InlineData("[]", "{\"userId\":1}", "[]", "{\"user_id\":1}")]
    [InlineData("[\"\\u00fc\"]", "{}", "[\"ü\"]", "{}")]
    public void Calls_that_mean_the_same_have_one_key(string args, string kwargs, string otherArgs, string otherKwargs) =>
        Assert.Equal(KeyOf(args, kwargs), KeyOf(otherArgs, otherKwargs));

    [Theory]
    [InlineData("[1,2]", "[2,1]")]
    [InlineData("[1]", "[\"1\"]")]
    [InlineData("[1,[2,3]]", "[1,2,3]")]
    [InlineData("[1,null]", "[1]")]
    [InlineData("[1,2,3,4]", "[1,2,3]")]
    [InlineData("[{\"a\":1}]", "[{\"a\":1,\"b\":null}]")]
    public void Calls_that_differ_have_keys_that_differ(string args, string other) => Assert.NotEqual(KeyOf(args, "{}"), KeyOf(other, "{}"));

    [Fact]
    public void Only_the_chosen_parameters_count()
    {
        Assert.Equal(KeyOf("[1,2]", "{}", "userId"), KeyOf("[]", "{\"user_id\":1,\"order\":3}", "userId"));
        Assert.NotEqual(KeyOf("[1,2]", "{}", "userId"), KeyOf("[2,2]", "{}", "userId"));
        Assert.NotEqual(KeyOf("[1,2]", "{}", "userId", "order"), KeyOf("[1]", "{}", "userId", "order"));
        Assert.Contains("unique by 'userId'", Assert.Throws<ArgumentException>(() => KeyOf("[]", "{}", "userId")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_claim_travels_in_a_header()
    {
        var claim = new UniqueClaim("unique/t/abc%20", UniqueUntil.Finished, TimeSpan.FromSeconds(1.5));
        Assert.Equal(claim, UniqueClaim.Of(new MessageHeaders([new("x-celeriac-unique", claim.ToHeader())])));
    }

    [Theory]
    [InlineData("finished 60 checkpoint/other")]
    [InlineData("finished 60 unique/ü")]
    [InlineData("finished -1 unique/a")]
    [InlineData("finished 1e99 unique/a")]
    [InlineData("never 60 unique/a")]
    [InlineData("finished")]
    public void A_header_that_names_anything_else_is_no_claim(string header) => Assert.Null(UniqueClaim.Of(new MessageHeaders([new("x-celeriac-unique", header)])));

    [Fact]
    public void Keys_of_any_text_are_keys_of_shared_state()
    {
        var key = UniqueCall.Of(new Signature("mein.täsk mit blank") { Options = new SendOptions { Unique = UniqueUntil.Started, UniqueKey = new string('ü', 1000) } })!.Key;
        Assert.InRange(key.Length, 1, 256);
        Assert.DoesNotContain(key, letter => letter is < '!' or > '~');
    }

    private static string KeyOf(string args, string kwargs, params string[] by) => UniqueCall.Of(new Signature("t")
    {
        Args = System.Text.Encoding.UTF8.GetBytes(args),
        Kwargs = System.Text.Encoding.UTF8.GetBytes(kwargs),
        Parameters = s_parameters,
        Declared = new TaskOptions { Unique = UniqueUntil.Finished, UniqueBy = by },
    })!.Key;
}
