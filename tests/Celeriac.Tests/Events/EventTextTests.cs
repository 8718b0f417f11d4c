using System.Text;
using Celeriac.Events;

namespace Celeriac.Tests.Events;

public sealed class EventTextTests
{
    [Theory]
    [InlineData("KeyError('nope')", "KeyError", "nope")]
    [InlineData("ValueError('boom', '42')", "ValueError", "boom", "42")]
    [InlineData("SoftTimeLimitExceeded()", "SoftTimeLimitExceeded")]
    [InlineData("E(\"it's\")", "E", "it's")]
    [InlineData("E('it\\'s \"so\"')", "E", "it's \"so\"")]
    [InlineData("E('a\\nb\\\\\\x1b')", "E", "a\nb\\\u001b")]
    public void An_exception_looks_as_in_Python(string expected, string type, params string[] arguments) =>
        Assert.Equal(expected, EventText.ExceptionOf(new TaskFailure(type, null, arguments, null)));

    [Fact]
    public void A_long_exception_is_shortened() =>
        Assert.InRange(EventText.ExceptionOf(new TaskFailure("E", null, [new string('x', 100_000), new string('y', 100_000)], null)).Length, 1024, 1100);

    [Theory]
    [InlineData("4", "4")]
    [InlineData("null", "None")]
    [InlineData("[1,\"a\",true]", "[1, 'a', True]")]
    [InlineData("", "None")]
    [InlineData("NaN", "NaN")]
    public void A_result_looks_as_in_Python(string json, string expected) => Assert.Equal(expected, EventText.ResultOf(Encoding.UTF8.GetBytes(json)));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, -1)]
    [InlineData(2, -2)]
    [InlineData(-5, 5)]
    [InlineData(5.5, -6)]
    [InlineData(-3.5, 3)]
    public void The_offset_is_in_whole_hours_west_rounded_down(double hoursEast, int expected) =>
        Assert.Equal(expected, EventWriter.HoursWestOfUtc(TimeSpan.FromHours(hoursEast)));

    [Theory]
    [InlineData("0.52 0.58 0.59 1/389 20721\n", 0.52, 0.58, 0.59)]
    [InlineData("", 0, 0, 0)]
    [InlineData("a b c", 0, 0, 0)]
    public void The_load_of_the_machine_is_read(string text, double one, double five, double fifteen) =>
        Assert.Equal((one, five, fifteen), MachineLoad.Parse(text));
}
