using System.Text;
using System.Text.Json;
using Celeriac.Messaging.Compression;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Messaging.Tests.Compression;

public sealed class CompressorTests
{
    private const int Limit = 1_000_000;

    public static TheoryData<string> Methods => new("zlib", "brotli");

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_compressed_body_comes_back_as_it_was(string method)
    {
        var compressor = ContentRegistry.Default.FindCompressor(method);
        var random = new Random(20261122);
        foreach (var length in new[] { 0, 1, 100, 4095, 4096, 4097, 100_000, Limit })
        {
            var body = new byte[length];
            random.NextBytes(body.AsSpan(0, length / 2));

            Assert.Equal(body, compressor.Decompress(compressor.Compress(body), Limit));
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Compression_makes_repetition_small(string method) =>
        Assert.True(ContentRegistry.Default.FindCompressor(method).Compress(new byte[100_000]).Length < 1000);

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_body_cut_at_any_byte_is_refused(string method)
    {
        var compressor = ContentRegistry.Default.FindCompressor(method);
        var compressed = compressor.Compress(Encoding.UTF8.GetBytes("[[2, 2], {}, {\"callbacks\": null, \"errbacks\": null}]"));

        for (var length = 0; length < compressed.Length; length++)
        {
            var error = Assert.Throws<ContentException>(() => compressor.Decompress(compressed.AsMemory(0, length), Limit));
            Assert.Contains($"cannot be decompressed with {method}", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Random_garbage_is_a_body_or_a_ContentException(string method)
    {
        var compressor = ContentRegistry.Default.FindCompressor(method);
        var valid = compressor.Compress(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 500))));
        var random = new Random(20261123);
        for (var round = 0; round < 5000; round++)
        {
            var body = random.Next(2) == 0 ? new byte[random.Next(50)] : (byte[])valid.Clone();
            random.NextBytes(body.AsSpan(random.Next(body.Length + 1)));
            try
            {
                Assert.True(compressor.Decompress(body, Limit).Length <= Limit);
            }
            catch (ContentException)
            {
                continue;
            }
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_body_of_exactly_the_limit_is_read_and_one_byte_more_is_refused(string method)
    {
        var compressor = ContentRegistry.Default.FindCompressor(method);
        var compressed = compressor.Compress(new byte[10_000]);

        Assert.Equal(10_000, compressor.Decompress(compressed, 10_000).Length);
        var error = Assert.Throws<ContentTooLargeException>(() => compressor.Decompress(compressed, 9_999));
        Assert.Equal("The body decompresses to more than 9999 bytes. Send less, or raise MaximumBodyBytes.", error.Message);
    }

    [Fact]
    public void A_zlib_stream_of_ten_gigabytes_is_refused_in_flat_memory() => AssertRefusedInFlatMemory(Compressor.Zlib, Bombs.Zlib(gigabytes: 10));

    [Fact]
    public void A_brotli_stream_of_ten_gigabytes_is_refused_in_flat_memory() => AssertRefusedInFlatMemory(Compressor.Brotli, Bombs.Brotli(gigabytes: 10));

    [Fact]
    public void The_zlib_body_that_Celery_wrote_is_read()
    {
        using var golden = JsonDocument.Parse(File.ReadLines(Path.Combine(AppContext.BaseDirectory, "golden", "compression-5.2.6.jsonl"))
            .Single(line => line.Contains("\"compression zlib\"", StringComparison.Ordinal)));
        var body = PythonBytes(golden.RootElement.GetProperty("body_raw").GetString()!);
        var method = golden.RootElement.GetProperty("headers").GetProperty("compression").GetString()!;

        var plain = ContentRegistry.Default.FindCompressor(method).Decompress(body, Limit);

        Assert.Equal("[[2, 2], {}, {\"callbacks\": null, \"errbacks\": null, \"chain\": null, \"chord\": null}]", Encoding.UTF8.GetString(plain));
    }

    [Fact]
    public void A_gzip_file_is_refused_with_the_difference()
    {
        var error = Assert.Throws<ContentException>(() => Compressor.Zlib.Decompress(new byte[] { 0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3 }, Limit));

        Assert.Contains("'application/x-gzip' means a zlib stream (RFC 1950) in Celery", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("application/x-gzip", "application/x-gzip")]
    [InlineData("GZIP", "application/x-gzip")]
    [InlineData("zlib", "application/x-gzip")]
    [InlineData("brotli", "application/x-brotli")]
    public void A_method_has_Celerys_names(string name, string wireName) => Assert.Equal(wireName, ContentRegistry.Default.FindCompressor(name).Name);

    [Fact]
    public void An_unknown_method_is_refused_with_the_known_ones()
    {
        var error = Assert.Throws<ArgumentException>(() => ContentRegistry.Default.FindCompressor("application/x-bz2"));

        Assert.Contains(
            "Compression 'application/x-bz2' is unknown. Known: zlib (application/x-gzip), brotli (application/x-brotli).", error.Message, StringComparison.Ordinal);
    }

    private static void AssertRefusedInFlatMemory(Compressor compressor, byte[] bomb)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();

        var error = Assert.Throws<ContentTooLargeException>(() => compressor.Decompress(bomb, Limit));

        Assert.Contains("decompresses to more than 1000000 bytes", error.Message, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 8 * Limit);
    }

    // b'x\x9c...' as Python's repr prints it.
    private static byte[] PythonBytes(string repr)
    {
        var bytes = new List<byte>();
        for (var index = 2; index < repr.Length - 1; index++)
        {
            if (repr[index] != '\\')
            {
                bytes.Add((byte)repr[index]);
                continue;
            }
            index++;
            bytes.Add(repr[index] switch
            {
                'x' => Convert.ToByte(repr.Substring(index + 1, 2), 16),
                'n' => (byte)'\n',
                'r' => (byte)'\r',
                't' => (byte)'\t',
                var letter => (byte)letter,
            });
            index += repr[index] == 'x' ? 2 : 0;
        }
        return [.. bytes];
    }
}
