using System.Globalization;
using System.Numerics;
using System.Text;
using System.Text.Json;
using Celeriac.Protocol;

namespace Celeriac.Tests.Serialization;

/// <summary>Numbers and text as Python has them: without limits, and sometimes outside of JSON.</summary>
public sealed class PythonNumberTests
{
    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("9223372036854775808")]
    [InlineData("-123456789012345678901234567890123456789012345678901234567890")]
    public void Whole_numbers_of_any_length_travel_as_digits(string digits)
    {
        var value = BigInteger.Parse(digits, CultureInfo.InvariantCulture);
        Assert.Equal(value, Read<BigInteger>(digits));
        Assert.Equal(digits, Written(value));
        Assert.Equal(value, Read<BigInteger?>(digits));
        var args = new ArgumentWriter().Add(value).Add(value).Finish();
        Assert.Equal($"[{digits},{digits}]", Encoding.UTF8.GetString(args.Span));
        Assert.Equal($"({digits}, {digits})", PythonRepr.OfArgs(args.Span));
    }

    [Fact]
    public void Numbers_of_128_bits_travel_too()
    {
        Assert.Equal(Int128.MinValue, Read<Int128>(Written(Int128.MinValue)));
        Assert.Equal(UInt128.MaxValue, Read<UInt128>(Written(UInt128.MaxValue)));
        Assert.Equal("340282366920938463463374607431768211455", Written(UInt128.MaxValue));
    }

    [Theory]
    [InlineData("1.0")]
    [InlineData("1e3")]
    [InlineData("\"1\"")]
    [InlineData("NaN")]
    [InlineData("null")]
    public void What_is_no_whole_number_does_not_fit(string json) => Assert.Throws<JsonException>(() => Read<BigInteger>(json));

    [Fact]
    public void More_digits_than_Python_reads_are_neither_read_nor_written()
    {
        Assert.Equal(4300, Written(Read<BigInteger>(new string('9', 4300))).Length);
        Assert.Throws<JsonException>(() => Read<BigInteger>(new string('9', 5000)));
        Assert.Contains("4300", Assert.Throws<JsonException>(() => Written(BigInteger.Pow(10, 4300))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("NaN", double.NaN)]
    [InlineData("Infinity", double.PositiveInfinity)]
    [InlineData("-Infinity", double.NegativeInfinity)]
    [InlineData("\"NaN\"", double.NaN)]
    [InlineData("\"-Infinity\"", double.NegativeInfinity)]
    public void Pythons_tokens_are_read_wherever_JSON_is(string json, double expected)
    {
        Assert.Equal(expected, Read<double>(json));
        Assert.Equal((float)expected, Read<float>(json));
        Assert.Equal([1, expected], Read<double[]>($"[1, {json}]"));
        Assert.Equal(expected, Read<double?>(json));
        Assert.Equal(expected, Read<Dictionary<string, double>>($"{{\"NaN\": {json}}}")["NaN"]);
        Assert.Equal(json.Trim('"'), ((JsonElement)Read<object>(json)).GetString());
        Assert.True(ResultCodec.TryDecode(Encoding.UTF8.GetBytes($"{{\"task_id\": \"i\", \"status\": \"SUCCESS\", \"result\": [{json}]}}"), out var record));
        Assert.Equal([expected], TaskJson.Decode<double[]>(record.Result.Span));
    }

    [Theory]
    [InlineData(double.NaN, "\"NaN\"")]
    [InlineData(double.PositiveInfinity, "\"Infinity\"")]
    [InlineData(double.NegativeInfinity, "\"-Infinity\"")]
    public void They_are_written_as_text_that_Pythons_float_reads(double value, string expected)
    {
        Assert.Equal(expected, Written(value));
        Assert.Equal(expected, Encoding.UTF8.GetString(TaskInvocation.Result(value).Span));
        Assert.Equal($"[{expected}]", Encoding.UTF8.GetString(new ArgumentWriter().Add(value).Finish().Span));
        Assert.Equal($"[{expected}]", Written(new object[] { value }));
    }

    [Fact]
    public void A_mismatch_beside_such_a_token_is_still_a_mismatch() => Assert.Throws<JsonException>(() => Read<int[]>("[NaN, \"x\"]"));

    [Theory]
    [InlineData("\"\\ud83d\\ude00\"", "😀")]
    [InlineData("\"\\u00e9\\u4e2d\"", "é中")]
    [InlineData("\"a\\udc80b\"", "a\uFFFDb")]
    [InlineData("\"\\ud83d\"", "\uFFFD")]
    [InlineData("\"\\ud83d\\ud83d\\ude00\"", "\uFFFD😀")]
    [InlineData("\"\\/\\b\\f\\n\\u0000\"", "/\b\f\n\0")]
    public void Escaped_text_is_read_whole_or_half_a_pair(string json, string expected)
    {
        Assert.Equal(expected, Read<string>(json));
        Assert.Equal([expected], Read<string[]>($"[{json}]"));
        if (!expected.Contains('\uFFFD', StringComparison.Ordinal))
        {
            Assert.Equal(1, Read<Dictionary<string, int>>($"{{{json}: 1}}")[expected]);
        }
    }

    [Fact]
    public void Text_is_written_in_ASCII_as_Python_does()
    {
        Assert.Equal("\"\\uD83D\\uDE00\\u00E9\"", Written("😀é"));
        Assert.Equal("[\"\\uD83D\\uDE00\"]", Encoding.UTF8.GetString(new ArgumentWriter().Add("😀").Finish().Span));
        Assert.Equal("\"\\uFFFD\"", Written("\ud83d"));
    }

    private static T Read<T>(string json) => TaskJson.Decode<T>(Encoding.UTF8.GetBytes(json));

    private static string Written<T>(T value) => Encoding.UTF8.GetString(TaskJson.Encode(value).Span);
}
