using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Celeriac.Messaging;

namespace Celeriac.SharedState;

/// <summary>What is known of each chord under way beside its count: for the body, for who asks what it waits for, and for the sweeper.</summary>
internal sealed class ChordHeads(IStateStore store, TimeSpan lifetime)
{
    private const string Kind = "chord";
    private const string BodyKind = "chord-body";
    private const string MembersKind = "chord-members";

    /// <summary>Writes it where it is not there yet.</summary>
    public async ValueTask AddAsync(ChordHead head, CancellationToken cancellationToken)
    {
        var key = StateKey.Of(Kind, StateKey.Part(head.GroupId));
        var reading = await store.ReadAsync([key], cancellationToken).ConfigureAwait(false);
        if (reading.Find(key) is not null)
        {
            return;
        }
        await StatePieces.WriteAsync(store, StateKey.Of(BodyKind, StateKey.Part(head.GroupId), "0"), head.Body, lifetime, cancellationToken).ConfigureAwait(false);
        var members = Encoding.UTF8.GetBytes(string.Join('\n', head.Members.Select(member => $"{member.TaskId} {member.Task}")));
        await StatePieces.WriteAsync(store, StateKey.Of(MembersKind, StateKey.Part(head.GroupId), "0"), members, lifetime, cancellationToken).ConfigureAwait(false);
        await store.TryWriteAsync([Change(head with { Begun = reading.Now, SeenAt = reading.Now }, expected: 0)], cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A page of the chords under way, without bodies and members.</summary>
    public async ValueTask<(IReadOnlyList<ChordHead> Heads, DateTimeOffset Now, string? Next)> ListAsync(int most, string? after, CancellationToken cancellationToken)
    {
        var page = await store.ListAsync($"{Kind}/", most, after, cancellationToken).ConfigureAwait(false);
        return ([.. page.Entries.Select(entry => HeadOf(entry.Content)).OfType<ChordHead>()], page.Now, page.Entries.Count < most ? null : page.Entries[^1].Key);
    }

    public async ValueTask<ChordHead?> ReadAsync(string groupId, CancellationToken cancellationToken)
    {
        var key = StateKey.Of(Kind, StateKey.Part(groupId));
        return (await store.ReadAsync([key], cancellationToken).ConfigureAwait(false)).Find(key) is { } entry ? HeadOf(entry.Content) : null;
    }

    /// <summary>The body as JSON; empty where it is not there any more.</summary>
    public async ValueTask<ReadOnlyMemory<byte>> ReadBodyAsync(string groupId, CancellationToken cancellationToken) =>
        (await StatePieces.ReadAsync(store, StateKey.Of(BodyKind, StateKey.Part(groupId)) + "/", cancellationToken).ConfigureAwait(false)) is [var body] ? body.Content : default;

    public async ValueTask<IReadOnlyList<ChordMember>> ReadMembersAsync(string groupId, CancellationToken cancellationToken) =>
        (await StatePieces.ReadAsync(store, StateKey.Of(MembersKind, StateKey.Part(groupId)) + "/", cancellationToken).ConfigureAwait(false)) is [var members]
            ? [.. Encoding.UTF8.GetString(members.Content.Span).Split('\n').Select(line => line.Split(' ', 2)).Where(words => words.Length == 2).Select(words => new ChordMember(words[0], words[1]))]
            : [];

    /// <summary>Notes how many have ended.</summary>
    public async ValueTask SeeAsync(ChordHead head, int ended, DateTimeOffset now, CancellationToken cancellationToken) =>
        await store.TryWriteAsync([Change(head with { Seen = ended, SeenAt = now }, expected: null)], cancellationToken).ConfigureAwait(false);

    public async ValueTask DeleteAsync(string groupId, CancellationToken cancellationToken)
    {
        await store.TryWriteAsync([new StateChange(StateKey.Of(Kind, StateKey.Part(groupId)), null)], cancellationToken).ConfigureAwait(false);
        await StatePieces.DeleteAsync(store, StateKey.Of(BodyKind, StateKey.Part(groupId)) + "/", cancellationToken).ConfigureAwait(false);
        await StatePieces.DeleteAsync(store, StateKey.Of(MembersKind, StateKey.Part(groupId)) + "/", cancellationToken).ConfigureAwait(false);
    }

    private StateChange Change(ChordHead head, long? expected)
    {
        var json = new JsonObject
        {
            ["group"] = head.GroupId,
            ["size"] = head.Size,
            ["body"] = head.BodyId,
            ["task"] = head.BodyTask,
            ["root"] = head.RootId,
            ["begun"] = head.Begun.ToUnixTimeMilliseconds(),
            ["seen"] = head.Seen,
            ["seen_at"] = head.SeenAt.ToUnixTimeMilliseconds(),
        };
        return new StateChange(StateKey.Of(Kind, StateKey.Part(head.GroupId)), Encoding.UTF8.GetBytes(json.ToJsonString())) { ExpectedVersion = expected, Lifetime = lifetime };
    }

    private static ChordHead? HeadOf(ReadOnlyMemory<byte> content)
    {
        try
        {
            var json = JsonNode.Parse(content.Span)!;
            return new ChordHead((string)json["group"]!, (int)json["size"]!, (string)json["body"]!, (string)json["task"]!)
            {
                RootId = (string?)json["root"],
                Begun = DateTimeOffset.FromUnixTimeMilliseconds((long)json["begun"]!),
                Seen = (int)json["seen"]!,
                SeenAt = DateTimeOffset.FromUnixTimeMilliseconds((long)json["seen_at"]!),
            };
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException or NullReferenceException)
        {
            return null;
        }
    }
}
