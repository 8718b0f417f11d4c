namespace Celeriac;

/// <summary>How values that JSON has no form for are written. Both forms are always read.</summary>
public enum JsonTypes
{
    /// <summary>As text: <c>"2030-01-02T03:04:05.000678+00:00"</c>, <c>"1.50"</c>. Any version of Celery reads it; a Python task gets a text.</summary>
    Plain,
    /// <summary>
    /// As Kombu 5.3 and later writes them: <c>{"__type__": "decimal", "__value__": "1.50"}</c>. A Python task gets a <c>Decimal</c>, <c>datetime</c>, <c>UUID</c> or
    /// <c>bytes</c>. Readers with an older Kombu (Celery 5.2 and before) get a dictionary.
    /// </summary>
    Kombu,
}
