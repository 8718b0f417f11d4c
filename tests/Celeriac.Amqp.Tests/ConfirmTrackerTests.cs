using Celeriac.Amqp.Publishing;
using Celeriac.Amqp.Wire;
using Celeriac.Messaging;
using Celeriac.Messaging.Stores;

namespace Celeriac.Amqp.Tests;

public sealed class ConfirmTrackerTests
{
    private readonly ConfirmTracker _tracker = new();

    [Fact]
    public async Task An_answer_for_several_answers_each_of_them()
    {
        var batch = Add(Body("1"), Body("2"), Body("3"));
        _tracker.Answer(3, upTo: true, isTaken: true);
        await batch.Completion;
        batch.ThrowIfFailed();
        Assert.Equal(0, _tracker.Count);
    }

    [Fact]
    public void An_answer_for_one_leaves_the_others_open()
    {
        Add(Body("1"), Body("2"), Body("3"));
        _tracker.Answer(2, upTo: false, isTaken: true);
        Assert.Equal(["1", "3"], _tracker.TakeOpen().Select(TextOf));
    }

    [Fact]
    public void What_the_broker_did_not_take_fails()
    {
        var batch = Add(Body("1"));
        _tracker.Answer(1, upTo: false, isTaken: false);
        Assert.Contains("did not take", Assert.Throws<TransportException>(batch.ThrowIfFailed).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_return_is_taken_for_the_publication_with_its_content()
    {
        var batch = Add(Body("1"), Body("2"), Body("3"));
        Return(Body("2"));
        _tracker.Answer(3, upTo: true, isTaken: true);
        var failure = Assert.Throws<PublishException>(batch.ThrowIfFailed);
        Assert.Equal((1, typeof(UnroutableException)), (Assert.Single(failure.Failures).Index, failure.Failures[0].Error.GetType()));
    }

    [Fact]
    public void Of_two_that_differ_in_headers_only_the_right_one_is_returned()
    {
        var second = Body("same") with { Headers = MessageHeaders.Empty.With("retries", 2) };
        var batch = Add(Body("same") with { Headers = MessageHeaders.Empty.With("retries", 1) }, second);
        Return(second);
        _tracker.Answer(2, upTo: true, isTaken: true);
        Assert.Equal(1, Assert.Single(Assert.Throws<PublishException>(batch.ThrowIfFailed).Failures).Index);
    }

    [Fact]
    public void Two_that_are_alike_are_returned_one_by_one()
    {
        var batch = Add(Body("same"), Body("same"));
        Return(Body("same"));
        Return(Body("same"));
        _tracker.Answer(2, upTo: true, isTaken: true);
        Assert.Equal(2, Assert.Throws<PublishException>(batch.ThrowIfFailed).Failures.Count);
    }

    private PublishBatch Add(params Message[] messages)
    {
        var batch = new PublishBatch(messages.Length, new AnswerLine());
        for (var index = 0; index < messages.Length; index++)
        {
            var publication = Publication.ToQueue("mail", messages[index]);
            _tracker.Add(new PendingPublish(publication, new AmqpProperties(messages[index]), AmqpRouting.Plain(publication), batch, index));
        }
        return batch;
    }

    private void Return(Message message) => _tracker.Return("", "mail", message);

    private static Message Body(string text) => new() { Body = System.Text.Encoding.UTF8.GetBytes(text) };

    private static string TextOf(PendingPublish publish) => System.Text.Encoding.UTF8.GetString(publish.Publication.Message.Body.Span);
}
