using System.Text;
using Celeriac.Protocol;

namespace Celeriac.Tests.Protocol;

public sealed class PythonReprTests
{
    [Theory]
    [InlineData("[]", "()")]
    [InlineData("[ ]", "()")]
    [InlineData("[2]", "(2,)")]
    [InlineData("[2,2]", "(2, 2)")]
    [InlineData("[[]]", "([],)")]
    [InlineData("[[1,2],[3]]", "([1, 2], [3])")]
    [InlineData("[null,true,false]", "(None, True, False)")]
    [InlineData("[\"a'b\"]", "('a\\'b',)")]
    [InlineData("[\"say \\\"hi\\\"\"]", "('say \"hi\"',)")]
    [InlineData("[\"\\u00e9\\ud83d\\ude00ü\"]", "('é😀ü',)")]
    [InlineData("[\"a\\nb\\tc\\rd\\u0001\\u007f\"]", "('a\\nb\\tc\\rd\\x01\\x7f',)")]
    [InlineData("[\"\\udc80x\\ud800\"]", "('\ufffdx\ufffd',)")]
    [InlineData("[1.5,1.0,-0.0,1e16,1e-5,0.0001,123456789.125]", "(1.5, 1.0, -0.0, 1e+16, 1e-05, 0.0001, 123456789.125)")]
    [InlineData("[12345678901234567890123]", "(12345678901234567890123,)")]
    [InlineData("[{\"a\":{\"b\":{\"c\":1}}}]", "({'a': {'b': {...}}},)")]
    [InlineData("[[[[1]]]]", "([[[...]]],)")]
    [InlineData("[[[{}]],1]", "([[{...}]], 1)")]
    public void Args_are_a_tuple(string json, string expected) => Assert.Equal(expected, PythonRepr.OfArgs(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData("{}", "{}")]
    [InlineData("{\"y\":3}", "{'y': 3}")]
    [InlineData("{\"y\":3,\"z\":[1,\"a\"]}", "{'y': 3, 'z': [1, 'a']}")]
    [InlineData("{\"a\":{\"b\":{\"c\":{\"d\":1}}}}", "{'a': {'b': {'c': {...}}}}")]
    [InlineData("{\"it's\":null}", "{'it\\'s': None}")]
    public void Kwargs_are_a_dictionary(string json, string expected) => Assert.Equal(expected, PythonRepr.OfKwargs(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData(0.0, "0.0")]
    [InlineData(1.0, "1.0")]
    [InlineData(100.0, "100.0")]
    [InlineData(0.1, "0.1")]
    [InlineData(-2.5, "-2.5")]
    [InlineData(1e15, "1000000000000000.0")]
    [InlineData(9999999999999998.0, "9999999999999998.0")]
    [InlineData(1e16, "1e+16")]
    [InlineData(1.2345678901234567e+17, "1.2345678901234566e+17")]
    [InlineData(0.0001, "0.0001")]
    [InlineData(0.00012345, "0.00012345")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(1.5e-7, "1.5e-07")]
    [InlineData(5e-324, "5e-324")]
    [InlineData(1.7976931348623157e308, "1.7976931348623157e+308")]
    [InlineData(double.NaN, "nan")]
    [InlineData(double.PositiveInfinity, "inf")]
    [InlineData(double.NegativeInfinity, "-inf")]
    public void Floats_are_printed_as_Python_prints_them(double value, string expected) => Assert.Equal(expected, PythonFloat.Repr(value));

    [Fact]
    public void A_long_text_is_cut_as_Python_cuts_it()
    {
        foreach (var version in new[] { "5.2.6", "5.6" })
        {
            var golden = GoldenMessages.Find(version, "long repr").Message;
            var request = TestMessages.Read(golden);
            Assert.Equal(golden.Headers.TextOf("argsrepr"), PythonRepr.OfArgs(request.Body.Span.Slice(request.Args.Start, request.Args.Length)));
            Assert.Equal(golden.Headers.TextOf("kwargsrepr"), PythonRepr.OfKwargs(request.Body.Span.Slice(request.Kwargs.Start, request.Kwargs.Length)));
        }
    }

    [Fact]
    public void A_long_text_with_blanks_is_cut_at_the_last_blank()
    {
        var text = string.Join(' ', Enumerable.Repeat("word", 500));
        var repr = PythonRepr.OfArgs(TaskJson.Encode(new[] { text, "next" }).Span);
        Assert.EndsWith("word word...', ...)", repr, StringComparison.Ordinal);
        Assert.InRange(repr.Length, 1000, 1040);
    }

    [Theory]
    [InlineData("[{0}]", "1,", 100_000)]
    [InlineData("[[[{0}]]]", "\"a\",", 100_000)]
    [InlineData("[{{\"k\":[{0}]}}]", "{},", 100_000)]
    [InlineData("[\"{0}\"]", "\\u0001", 100_000)]
    [InlineData("[{0}9]", "9", 100_000)]
    [InlineData("[{{\"{0}\":1}}]", "key", 100_000)]
    public void The_length_is_bounded_and_the_brackets_are_closed(string shape, string element, int count)
    {
        var json = string.Format(System.Globalization.CultureInfo.InvariantCulture, shape, string.Concat(Enumerable.Repeat(element, count)).TrimEnd(','));
        var repr = PythonRepr.OfArgs(Encoding.UTF8.GetBytes(json));
        Assert.InRange(repr.Length, 900, 4200);
        Assert.StartsWith("(", repr, StringComparison.Ordinal);
        Assert.EndsWith(")", repr, StringComparison.Ordinal);
        Assert.Equal(repr.Count(letter => letter == '['), repr.Count(letter => letter == ']'));
        Assert.Equal(repr.Count(letter => letter == '{'), repr.Count(letter => letter == '}'));
    }

    [Fact]
    public void Any_result_has_a_repr() => Assert.Equal("[1, 'a', None]", PythonRepr.OfValue("[1,\"a\",null]"u8));
}
