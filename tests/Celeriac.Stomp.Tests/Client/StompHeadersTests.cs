namespace Celeriac.Stomp.Tests.Client;

public sealed class StompHeadersTests
{
    [Fact]
    public void The_first_of_equal_names_is_found_and_names_are_case_sensitive()
    {
        StompHeaders headers = [new("a", "1"), new("a", "2"), new("A", "3")];
        Assert.Equal(("1", "3", null), (headers.Find("a"), headers.Find("A"), headers.Find("b")));
    }

    [Fact]
    public void With_leaves_the_original_as_it_was()
    {
        StompHeaders headers = [new("a", "1")];
        Assert.Equal(["a", "b"], headers.With("b", "2").Select(header => header.Key));
        Assert.Equal(["a", "c", "d"], headers.With([new("c", "3"), new("d", "4")]).Select(header => header.Key));
        Assert.Equal(["a"], headers.Select(header => header.Key));
    }

    [Fact]
    public void A_frame_as_text_names_sizes_and_no_values() =>
        Assert.Equal("CONNECT (1 headers, 2 bytes)", new StompFrame("CONNECT", [new("passcode", "secret")], new byte[2]).ToString());
}
