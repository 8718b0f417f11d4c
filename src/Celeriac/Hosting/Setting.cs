using System.Globalization;
using System.Text;
using Microsoft.Extensions.Configuration;

namespace Celeriac.Hosting;

/// <summary>One setting as configuration and environment write it: Celery's name, the other names it answers to, and how its text is read.</summary>
/// <param name="Name">Celery's name, or one in its manner.</param>
/// <param name="Aliases">Further names; like <paramref name="Name"/> they are compared without case, underscores and colons.</param>
/// <param name="Expected">What the text must be, for errors.</param>
/// <param name="Example">A good value.</param>
/// <param name="Read">What the text changes; null where it cannot be read.</param>
internal sealed record Setting(string Name, string[] Aliases, string Expected, string Example, Func<string, OptionsChange?> Read)
{
    /// <summary>What a group of members changes, for a setting that may be a map; null for one that is a text alone.</summary>
    public Func<IConfigurationSection, List<string>, OptionsChange>? ReadMap { get; init; }

    /// <summary>A name without what people write differently: <c>Broker:Url</c>, <c>broker_url</c>, <c>BrokerUrl</c> and <c>BROKER_URL</c> are one.</summary>
    public static string Normalise(string name)
    {
        var text = new StringBuilder(name.Length);
        foreach (var letter in name.Where(char.IsAsciiLetterOrDigit))
        {
            text.Append(char.ToLowerInvariant(letter));
        }
        return text.ToString();
    }

    public static Setting Text(string name, string[] aliases, string example, Action<CeleriacOptions, string> set) =>
        new(name, aliases, "text", example, text => new OptionsChange(options => set(options, text), null));

    public static Setting Choice<T>(string name, string[] aliases, string example, Action<CeleriacOptions, T> set) where T : struct, Enum =>
        new(name, aliases, string.Join(" or ", Enum.GetNames<T>()), example,
            text => Enum.GetNames<T>().Contains(text.Trim(), StringComparer.OrdinalIgnoreCase) ? new OptionsChange(options => set(options, Enum.Parse<T>(text.Trim(), ignoreCase: true)), null) : null);

    public static Setting WorkerText(string name, string[] aliases, string example, Action<WorkerOptions, string> set) =>
        new(name, aliases, "text", example, text => new OptionsChange(null, options => set(options, text)));

    public static Setting Number(string name, string[] aliases, string example, Action<CeleriacOptions, int> set) =>
        new(name, aliases, "a whole number", example, text => WholeNumber(text) is { } number ? new OptionsChange(options => set(options, number), null) : null);

    public static Setting WorkerNumber(string name, string[] aliases, string example, Action<WorkerOptions, int> set) =>
        new(name, aliases, "a whole number", example, text => WholeNumber(text) is { } number ? new OptionsChange(null, options => set(options, number)) : null);

    public static Setting Byte(string name, string[] aliases, string example, Action<CeleriacOptions, byte> set) =>
        new(name, aliases, "0–255", example, text => WholeNumber(text) is >= 0 and <= 255 and var number ? new OptionsChange(options => set(options, (byte)number), null) : null);

    public static Setting Duration(string name, string[] aliases, string example, Action<CeleriacOptions, TimeSpan> set) =>
        new(name, aliases, "seconds, or hours as hh:mm:ss", example, text => Time(text) is { } time ? new OptionsChange(options => set(options, time), null) : null);

    public static Setting WorkerDuration(string name, string[] aliases, string example, Action<WorkerOptions, TimeSpan> set) =>
        new(name, aliases, "seconds, or hours as hh:mm:ss", example, text => Time(text) is { } time ? new OptionsChange(null, options => set(options, time)) : null);

    public static Setting Switch(string name, string[] aliases, string example, Action<CeleriacOptions, bool> set) =>
        new(name, aliases, "true or false", example, text => YesOrNo(text) is { } value ? new OptionsChange(options => set(options, value), null) : null);

    public static Setting WorkerSwitch(string name, string[] aliases, string example, Action<WorkerOptions, bool> set) =>
        new(name, aliases, "true or false", example, text => YesOrNo(text) is { } value ? new OptionsChange(null, options => set(options, value)) : null);

    internal static int? WholeNumber(string text) =>
        int.TryParse(text, NumberStyles.AllowLeadingSign | NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var number) ? number : null;

    internal static TimeSpan? Time(string text)
    {
        if (text.Contains(':', StringComparison.Ordinal))
        {
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time : null;
        }
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) <= TimeSpan.MaxValue.TotalSeconds / 2
            ? TimeSpan.FromSeconds(seconds)
            : null;
    }

    private static bool? YesOrNo(string text) => text.Trim().ToLowerInvariant() switch
    {
        "true" or "1" or "yes" or "on" => true,
        "false" or "0" or "no" or "off" => false,
        _ => null,
    };
}

/// <summary>What one setting changes: an option of the client or one of the worker.</summary>
internal sealed record OptionsChange(Action<CeleriacOptions>? Shared, Action<WorkerOptions>? Worker);
