namespace Celeriac.Interop.Tests.PythonToCSharp;

/// <summary>Python calls C#: what older and newer versions of Celery and Kombu write.</summary>
public sealed class OldAndNewFormsTests(InteropPlace place, PythonClient python) : InteropTest(place, python), IAsyncLifetime
{
    public async ValueTask InitializeAsync() => await Place.CSharpWorkerAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact(Timeout = Limit)]
    public async Task Message_protocol_1_is_read()
    {
        var outcome = await Python.RunAsync("""
            old = celery.Celery(broker=app.conf.broker_url, backend='rpc://')
            old.conf.task_protocol = 1
            old.conf.task_default_queue = 'cs'
            return outcome(old.send_task('cs.add', (2, 3)))
            """);
        Assert.Equal("SUCCESS", outcome.TextOf("state"));
        Assert.Equal(5, outcome.GetProperty("value").GetInt32());
    }

    [Fact(Timeout = Limit)]
    public async Task A_date_that_Kombu_writes_with_midnight_becomes_a_DateOnly() =>
        Assert.Equal("2030-01-02", (await Python.ValueAsync("'cs.day', datetime.date(2030, 1, 2)")).GetString());

    [Theory(Timeout = Limit)]
    [InlineData("{'__type__': 'datetime', '__value__': '2030-01-02T03:04:05.000678+00:00'}", "2030-01-02T03:04:05.000678+00:00", "moment")]
    [InlineData("{'__type__': 'decimal', '__value__': '1.50'}", "1.50", "price")]
    [InlineData("{'__type__': 'uuid', '__value__': {'hex': '00000000000000000000000000000005'}}", "00000000-0000-0000-0000-000000000005", "id")]
    public async Task The_marked_values_of_newer_Kombu_are_understood(string value, string expected, string parameter)
    {
        var typed = await Python.ValueAsync($$"""
            'cs.typed', kwargs={
                'whole': 1, 'large': 1, 'ratio': 1.0, 'price': '1', 'text': '', 'flag': True, 'id': str(uuid.UUID(int=1)), 'moment': '2030-01-01T00:00:00Z',
                'when': '2030-01-01T00:00:00', 'day': '2030-01-02', 'time': '03:04:05', 'maybe': None, 'list': [], 'map': {}, **dict([('{{parameter}}', {{value}})])}
            """.ReplaceLineEndings(" "));
        Assert.Equal(expected, typed.TextOf(parameter));
    }
}
