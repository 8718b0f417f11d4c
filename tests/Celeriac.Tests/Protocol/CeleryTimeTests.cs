using System.Globalization;
using Celeriac.Protocol;

namespace Celeriac.Tests.Protocol;

public sealed class CeleryTimeTests
{
    [Theory]
    [InlineData("2026-11-22T05:41:36.432673+00:00", "2026-11-22T05:41:36.4326730")]
    [InlineData("2026-11-22T05:41:36.432673", "2026-11-22T05:41:36.4326730")]
    [InlineData("2026-11-22T05:41:36.432673Z", "2026-11-22T05:41:36.4326730")]
    [InlineData("2026-11-22T05:41:36z", "2026-11-22T05:41:36.0000000")]
    [InlineData("2026-11-22 05:41:36", "2026-11-22T05:41:36.0000000")]
    [InlineData("2026-11-22t05:41", "2026-11-22T05:41:00.0000000")]
    [InlineData("2026-11-22", "2026-11-22T00:00:00.0000000")]
    [InlineData("2026-11-22T05:41:36.5", "2026-11-22T05:41:36.5000000")]
    [InlineData("2026-11-22T05:41:36,123", "2026-11-22T05:41:36.1230000")]
    [InlineData("2026-11-22T05:41:36.1234567", "2026-11-22T05:41:36.1234567")]
    [InlineData("2026-11-22T05:41:36.123456789Z", "2026-11-22T05:41:36.1234567")]
    [InlineData("2026-11-22T05:41:36+02:00", "2026-11-22T03:41:36.0000000")]
    [InlineData("2026-11-22T05:41:36-0530", "2026-11-22T11:11:36.0000000")]
    [InlineData("2026-11-22T05:41:36+02", "2026-11-22T03:41:36.0000000")]
    [InlineData("2026-11-22T05:41:36+23:59:59", "2026-11-21T05:41:37.0000000")]
    [InlineData("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.0000000")]
    [InlineData("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.0000000")]
    [InlineData("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.9999999")]
    public void Every_form_that_Python_writes_is_read_as_utc(string text, string expected)
    {
        Assert.True(CeleryTime.TryParse(text, out var time));
        Assert.Equal(expected, time.DateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff", CultureInfo.InvariantCulture));
        Assert.Equal(TimeSpan.Zero, time.Offset);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("tomorrow")]
    [InlineData("2026-11-2")]
    [InlineData("2026-13-22T05:41:36")]
    [InlineData("2026-02-29T05:41:36")]
    [InlineData("2026-11-22T24:00:00")]
    [InlineData("2026-11-22T05:60:00")]
    [InlineData("2026-11-22T05:41:60")]
    [InlineData("2026-11-22T05:41:36.")]
    [InlineData("2026-11-22T05:41:36.x")]
    [InlineData("2026-11-22T05:41:3")]
    [InlineData("2026-11-22T")]
    [InlineData("2026-11-22X05:41:36")]
    [InlineData("2026-11-22T05:41:36+")]
    [InlineData("2026-11-22T05:41:36+2")]
    [InlineData("2026-11-22T05:41:36+24:00")]
    [InlineData("2026-11-22T05:41:36+02-00")]
    [InlineData("2026-11-22T05:41:36ZZ")]
    [InlineData("2026/11/22T05:41:36")]
    [InlineData("-001-11-22T05:41:36")]
    [InlineData("+026-11-22T05:41:36")]
    [InlineData("0001-01-01T00:00:00+01:00")]
    [InlineData("9999-12-31T23:59:59-01:00")]
    [InlineData("２０２６-11-22T05:41:36")]
    [InlineData("2026-11-22T05:41:36.00000000000000000000000000000000000000000000000000")]
    public void Anything_else_is_not(string? text) => Assert.False(CeleryTime.TryParse(text, out _));

    [Fact]
    public void Times_are_written_with_six_digits_in_utc() =>
        Assert.Equal("2030-01-02T03:04:05.123456+00:00", CeleryTime.Write(new DateTimeOffset(2030, 1, 2, 5, 4, 5, TimeSpan.FromHours(2)).AddTicks(1234567)));

    [Fact]
    public void Any_time_is_read_back_to_the_microsecond()
    {
        var random = new Random(5);
        for (var round = 0; round < 2000; round++)
        {
            var time = new DateTimeOffset(random.NextInt64(DateTime.MaxValue.Ticks / 10) * 10, TimeSpan.Zero);
            Assert.True(CeleryTime.TryParse(CeleryTime.Write(time), out var read));
            Assert.Equal(time, read);
        }
    }

    [Fact]
    public void Random_texts_never_make_an_exception()
    {
        var random = new Random(6);
        const string Alphabet = "0123456789-:.,+TZ z";
        for (var round = 0; round < 5_000; round++)
        {
            var text = "2026-11-22T05:41:36.432673+00:00".ToCharArray(0, random.Next(33));
            for (var change = Math.Min(text.Length, random.Next(4)); change > 0; change--)
            {
                text[random.Next(text.Length)] = Alphabet[random.Next(Alphabet.Length)];
            }
            if (CeleryTime.TryParse(new string(text), out var time))
            {
                Assert.Equal(TimeSpan.Zero, time.Offset);
            }
        }
    }
}
