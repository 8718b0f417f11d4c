using System.Diagnostics.CodeAnalysis;
using Celeriac.Messaging;
using Celeriac.Messaging.Serialization;

namespace Celeriac.Protocol;

/// <summary>
/// In which formats result records are read: json, which Celeriac writes, and those that <see cref="CeleriacOptions.AcceptContent"/> names, because a Python fleet
/// writes its results in its <c>result_serializer</c>.
/// </summary>
public sealed class ResultContents
{
    // Redis takes no longer value.
    private const int LargestResult = 512 << 20;
    private const byte FirstOfPickle = 0x80;
    private readonly ContentRegistry _contents;

    private ResultContents(TaskContents tasks) =>
        // The record and its result take two levels, as the body of a task and its arguments do.
        _contents = tasks.Accepted.Accepting([.. tasks.Accepted.Accepted.Select(format => format.Name).Append("json").Distinct(StringComparer.Ordinal)]) with
        {
            MaximumBodyBytes = LargestResult,
        };

    /// <summary>Reads json alone.</summary>
    public static ResultContents Json { get; } = new(TaskContents.Json);

    /// <summary>What the options say.</summary>
    /// <exception cref="ArgumentException">A format is unknown, pickle, or none that results can be in.</exception>
    internal static ResultContents Of(CeleriacOptions options) => new(TaskContents.Of(options));

    /// <summary>Reads a record that came as a message; its content type says in which format.</summary>
    /// <returns>False where it is no record.</returns>
    /// <exception cref="ContentException">Its format is not accepted, or the body is not what it says. The message says which setting helps.</exception>
    internal bool TryRead(Message reply, [NotNullWhen(true)] out ResultRecord? record)
    {
        // Who leaves the content type out has always been read as json.
        var typed = reply.ContentType is null ? reply with { ContentType = ContentFormat.Json.MediaType } : reply;
        try
        {
            var opened = _contents.Open(typed);
            return ResultCodec.TryDecode(JsonOf(opened.Format, opened.Body), out record);
        }
        catch (FormatException error)
        {
            throw new ContentException($"The result of task '{ContentException.Shown(reply.CorrelationId ?? "(none)")}' cannot be read. {ContentHints.Sentence(error)}", error);
        }
    }

    /// <summary>Reads a record from a store, which does not keep its format: json, else the first accepted format that fits.</summary>
    /// <param name="taskId">Whose record it is, for the error.</param>
    /// <param name="stored">What the store holds.</param>
    /// <exception cref="ContentException">It is no record in any accepted format. The message says what may help.</exception>
    public ResultRecord Read(string taskId, ReadOnlyMemory<byte> stored)
    {
        ArgumentNullException.ThrowIfNull(taskId);
        if (ResultCodec.TryDecode(stored, out var record))
        {
            return record;
        }
        foreach (var format in _contents.Accepted.Where(format => format.Translation is not null))
        {
            if (TryTranslate(format, stored, out record))
            {
                return record;
            }
        }
        throw new ContentException($"The stored result of task '{ContentException.Shown(taskId)}' cannot be read: {WhatItIs(stored.Span)}");
    }

    /// <summary>A saved group from a store: json, else the first accepted format that fits, as JSON.</summary>
    /// <exception cref="ContentException">It is an object in no accepted format. The message says what may help.</exception>
    internal ReadOnlyMemory<byte> ReadGroup(string groupId, ReadOnlyMemory<byte> stored)
    {
        if (stored.Span.TrimStart(" \t\r\n"u8) is [(byte)'{', ..])
        {
            return stored;
        }
        foreach (var format in _contents.Accepted.Where(format => format.Translation is not null))
        {
            try
            {
                return JsonOf(format, stored);
            }
            catch (FormatException)
            {
                // Another may fit.
            }
        }
        throw new ContentException($"The saved group '{ContentException.Shown(groupId)}' cannot be read: {WhatItIs(stored.Span)}");
    }

    private bool TryTranslate(ContentFormat format, ReadOnlyMemory<byte> stored, [NotNullWhen(true)] out ResultRecord? record)
    {
        record = null;
        try
        {
            return ResultCodec.TryDecode(JsonOf(format, stored), out record);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private ReadOnlyMemory<byte> JsonOf(ContentFormat format, ReadOnlyMemory<byte> body) =>
        format.Translation?.ToJson(body, _contents.MaximumDepth, _contents.MaximumBodyBytes) ?? body;

    private string WhatItIs(ReadOnlySpan<byte> stored)
    {
        if (stored is [FirstOfPickle, ..])
        {
            return "it seems to be pickle, which is never read, because reading it runs code. Set result_serializer to json in Python.";
        }
        var accepted = string.Join(", ", _contents.Accepted.Where(format => format == ContentFormat.Json || format.Translation is not null).Select(format => format.Name));
        return $"it is no record of Celery's in {accepted}. Set result_serializer to json in Python; if it is yaml, {ContentHints.AcceptYaml}";
    }
}
