using System.Text;
using Celeriac.Redis.Results;
using Celeriac.SharedState;

namespace Celeriac.Redis.Tests;

public sealed class ChordShapeTests
{
    private static readonly ChordPart[] s_parts =
        [new(0, "a", "SUCCESS", "1"u8.ToArray()), new(0, "b", "SUCCESS", "2"u8.ToArray()), new(1, "c", "SUCCESS", "[3]"u8.ToArray())];

    [Fact]
    public void A_group_in_a_saved_header_has_the_list_of_its_results_in_its_place()
    {
        var header = """{"result": [["g", null], [[["a", null], null], [["inner", null], [[["b", null], null], [["c", null], null]]]]]}""";
        Assert.Equal(["1", "[2,[3]]"], ChordShape.Apply(Encoding.UTF8.GetBytes(header), s_parts)!.Select(part => Encoding.UTF8.GetString(part.Result.Span)));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[1")]
    [InlineData("""{"result": [["g", null], [[["unknown", null], null]]]}""")]
    [InlineData("""{"result": [["g", null], [5]]}""")]
    public void A_header_that_is_not_understood_has_no_shape(string header) => Assert.Null(ChordShape.Apply(Encoding.UTF8.GetBytes(header), s_parts));
}
