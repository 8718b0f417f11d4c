using System.Diagnostics;
using Celeriac.Messaging;

namespace Celeriac.Messaging.Tests;

public sealed class MessageHeadersTests
{
    private static readonly MessageHeaders Headers = new([new("task", "math.add"), new("retries", 0), new("eta", HeaderValue.Null)]);

    [Fact]
    public void An_absent_header_reads_like_a_null_one()
    {
        Assert.True(Headers["eta"].IsNull);
        Assert.True(Headers["absent"].IsNull);
        Assert.False(Headers.Has("eta"));
        Assert.True(Headers.Contains("eta"));
        Assert.False(Headers.Contains("absent"));
    }

    [Fact]
    public void The_text_of_a_header_of_another_kind_is_null()
    {
        Assert.Equal("math.add", Headers.TextOf("task"));
        Assert.Null(Headers.TextOf("retries"));
    }

    [Fact]
    public void With_and_without_leave_the_original_as_it_was()
    {
        var changed = Headers.With("retries", 1).Without("eta");

        Assert.Equal(1, changed["retries"].AsLong());
        Assert.Equal(2, changed.Count);
        Assert.Equal(0, Headers["retries"].AsLong());
        Assert.Equal(3, Headers.Count);
    }

    [Fact]
    public void Order_does_not_matter_for_equality()
    {
        Assert.Equal(Headers, new MessageHeaders(Headers.Reverse()));
        Assert.NotEqual(Headers, Headers.Without("eta"));
        Assert.NotEqual(Headers, Headers.With("task", "other"));
    }

    [Theory]
    [InlineData("", "empty name")]
    [InlineData("a", "'a' is given twice")]
    public void An_empty_or_repeated_name_is_refused(string second, string fault)
    {
        var error = Assert.Throws<ArgumentException>(() => new MessageHeaders([new("a", 1), new(second, 2)]));

        Assert.Contains(fault, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_repeated_name_among_many_is_found_without_comparing_all_with_all()
    {
        var many = Enumerable.Range(0, 200_000).Select(number => new KeyValuePair<string, HeaderValue>($"h{number}", number)).ToArray();
        var before = Stopwatch.GetTimestamp();

        Assert.Throws<ArgumentException>(() => new MessageHeaders(many.Append(many[^1])));

        // Two hundred thousand squared comparisons take minutes; this takes milliseconds.
        Assert.True(Stopwatch.GetElapsedTime(before) < TimeSpan.FromSeconds(20));
    }
}
