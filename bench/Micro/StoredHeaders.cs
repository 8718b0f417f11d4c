using BenchmarkDotNet.Attributes;
using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Bench.Micro;

/// <summary>A task's headers in the binary form of the stores (SQLite, Postgres, memory).</summary>
public class StoredHeaders
{
    private readonly MessageHeaders _headers = TaskMessageCodec.Encode(
        new Signature("micro.add") { Declared = TaskOptions.Default }.WithArgs(2, 3), new EncodeContext("id-1", "id-1", null, "gen1@host", null, null, "replies")).Headers;
    private byte[] _encoded = null!;

    [GlobalSetup]
    public void Prepare() => _encoded = HeaderCodec.Encode(_headers);

    [Benchmark]
    public byte[] Encode() => HeaderCodec.Encode(_headers);

    [Benchmark]
    public int Decode() => MessageHeaders.FromEncoded(_encoded).Count;
}
