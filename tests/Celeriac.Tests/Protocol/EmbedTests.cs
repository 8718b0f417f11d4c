using System.Text;
using static Celeriac.Tests.Protocol.TestMessages;

namespace Celeriac.Tests.Protocol;

/// <summary>The signatures that a message carries for what comes after it.</summary>
public sealed class EmbedTests
{
    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"callbacks": null, "errbacks": null, "chain": null, "chord": null}""")]
    [InlineData("""{"callbacks": [], "errbacks": [], "chain": [ ], "chord": {}}""")]
    [InlineData("""{"callbacks": false, "chord": [], "chain": {}}""")]
    [InlineData("""{"later": [1, {"chain": [{"task": "a"}]}]}""")]
    public void Nothing_to_call_is_nothing_however_it_is_written(string embed)
    {
        var request = Read(With($"[[], {{}}, {embed}]"));
        Assert.Equal((0, 0, 0, 0), (request.Callbacks.Length, request.Errbacks.Length, request.Chain.Length, request.Chord.Length));
    }

    [Fact]
    public void Signatures_stay_as_they_were_written()
    {
        const string a = """[ {"task": "a", "args": [[1], {"x": "]"}], "new": 1}, {} ]""";
        const string c = """{"task": "c", "options": {"chord": {"task": "d"}}}""";
        var request = Read(With($$"""[[1], {}, {"chor\u0064": {{c}}, "unknown": 5, "callbacks": {{a}}, "errbacks": {{a}}, "chain": {{a}} }]"""));
        Assert.Equal((a, a, a, c), (Text(request.Callbacks), Text(request.Errbacks), Text(request.Chain), Text(request.Chord)));

        string Text(JsonSlice slice) => Encoding.UTF8.GetString(request.Body.Span.Slice(slice.Start, slice.Length));
    }

    [Theory]
    [InlineData("callbacks", "5")]
    [InlineData("callbacks", "\"a\"")]
    [InlineData("errbacks", "true")]
    [InlineData("chain", "{\"task\": \"a\"}")]
    [InlineData("chain", "[1]")]
    [InlineData("chain", "[{}, null]")]
    [InlineData("chord", "[{\"task\": \"a\"}]")]
    [InlineData("chord", "\"a\"")]
    public void What_can_not_be_called_is_a_fault_before_anything_runs(string name, string value)
    {
        var fault = Fault(With($"[[], {{}}, {{\"{name}\": {value}}}]"));
        Assert.Equal(QuarantineReason.MalformedBody, fault.Reason);
        Assert.Contains($"The body's {name} ", fault.Text, StringComparison.Ordinal);
        Assert.Equal("id-1", fault.TaskId);
    }
}
