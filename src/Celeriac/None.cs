namespace Celeriac;

/// <summary>The result of a task whose method returns nothing; it travels as JSON <c>null</c>.</summary>
public readonly record struct None
{
    /// <summary>The only value.</summary>
    public static None Value => default;

    /// <inheritdoc/>
    public override string ToString() => "none";
}
