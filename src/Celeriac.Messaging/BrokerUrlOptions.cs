using System.Globalization;

namespace Celeriac.Messaging;

// The typed view of a URL's options, for transport factories.
public sealed partial class BrokerUrl
{
    private static readonly (string Suffix, double Milliseconds)[] Units =
        [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>The text of an option, or null where the URL does not have it.</summary>
    public string? Text(string name) => Options.GetValueOrDefault(name);

    /// <summary>A duration: <c>5</c> and <c>5s</c> are seconds; <c>250ms</c>, <c>2m</c>, <c>1h</c> and <c>1d</c> say their unit.</summary>
    /// <param name="name">The option's name.</param>
    /// <param name="defaultValue">The answer where the URL does not have the option.</param>
    /// <param name="minimum">The shortest duration allowed.</param>
    /// <param name="maximum">The longest duration allowed.</param>
    /// <exception cref="BrokerUrlException">The value is no duration or out of range.</exception>
    public TimeSpan Duration(string name, TimeSpan defaultValue, TimeSpan minimum, TimeSpan maximum)
    {
        if (Text(name) is not { } value)
        {
            return defaultValue;
        }
        if (Milliseconds(value) is { } milliseconds
            && milliseconds >= minimum.TotalMilliseconds && milliseconds <= maximum.TotalMilliseconds)
        {
            return TimeSpan.FromMilliseconds(milliseconds);
        }
        throw WrongOption(name, value, $"a duration from {Format(minimum)} to {Format(maximum)}", "5, 5s, 250ms, 2m or 1h");
    }

    /// <summary>A whole number.</summary>
    /// <param name="name">The option's name.</param>
    /// <param name="defaultValue">The answer where the URL does not have the option.</param>
    /// <param name="minimum">The least number allowed.</param>
    /// <param name="maximum">The greatest number allowed.</param>
    /// <exception cref="BrokerUrlException">The value is no whole number or out of range.</exception>
    public long Integer(string name, long defaultValue, long minimum = long.MinValue, long maximum = long.MaxValue)
    {
        if (Text(name) is not { } value)
        {
            return defaultValue;
        }
        if (long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            && number >= minimum && number <= maximum)
        {
            return number;
        }
        var example = Math.Clamp(defaultValue, minimum, maximum).ToString(CultureInfo.InvariantCulture);
        throw WrongOption(name, value, string.Create(CultureInfo.InvariantCulture, $"a whole number from {minimum} to {maximum}"), example);
    }

    /// <summary>A switch: <c>true</c>, <c>1</c>, <c>yes</c>, <c>on</c> or the bare name switch on; <c>false</c>, <c>0</c>, <c>no</c>, <c>off</c> switch off.</summary>
    /// <exception cref="BrokerUrlException">The value is none of these.</exception>
    public bool Flag(string name, bool defaultValue = false) => Text(name)?.ToLowerInvariant() switch
    {
        null => defaultValue,
        "" or "true" or "1" or "yes" or "on" => true,
        "false" or "0" or "no" or "off" => false,
        _ => throw WrongOption(name, Options[name], "true or false", "true"),
    };

    /// <summary>One word of a list, compared without regard to case and given back as listed.</summary>
    /// <exception cref="BrokerUrlException">The value is not in the list.</exception>
    public string Choice(string name, string defaultValue, params ReadOnlySpan<string> allowed)
    {
        if (Text(name) is not { } value)
        {
            return defaultValue;
        }
        foreach (var word in allowed)
        {
            if (string.Equals(word, value, StringComparison.OrdinalIgnoreCase))
            {
                return word;
            }
        }
        throw WrongOption(name, value, $"one of {string.Join(", ", allowed!)}", defaultValue);
    }

    /// <summary>Refuses options that are not listed, here and on every alternate, so that a misspelt one is never silently without effect.</summary>
    /// <exception cref="BrokerUrlException">The URL has another option; the message lists the known ones and the nearest.</exception>
    public void RequireKnown(params string[] known)
    {
        ArgumentNullException.ThrowIfNull(known);
        foreach (var name in Options.Keys)
        {
            if (!known.Contains(name, StringComparer.OrdinalIgnoreCase))
            {
                var choices = known.Length == 0 ? "This scheme has no options." : $"Options: {string.Join(", ", known)}.";
                throw new BrokerUrlException(
                    $"Broker URL '{this}' has the unknown option '{name}'. {DidYouMean.Sentence(name, known)}{choices} Correct or remove it.");
            }
        }
        foreach (var alternate in Alternates)
        {
            alternate.RequireKnown(known);
        }
    }

    private BrokerUrlException WrongOption(string name, string value, string expected, string example) =>
        new($"Option '{name}' of broker URL '{this}' is '{(IsSecret(name) ? "***" : value)}', but must be {expected}. "
            + $"Write for example {name}={example}.");

    // A password may also be given as an option (as Redis and PostgreSQL clients accept it): such names never show their value.
    private static bool IsSecret(string name) =>
        name.Contains("pass", StringComparison.OrdinalIgnoreCase) || name.Contains("pwd", StringComparison.OrdinalIgnoreCase)
        || name.Contains("secret", StringComparison.OrdinalIgnoreCase) || name.Contains("token", StringComparison.OrdinalIgnoreCase)
        || name.EndsWith("key", StringComparison.OrdinalIgnoreCase);

    private static double? Milliseconds(string value)
    {
        var (suffix, factor) = Units.FirstOrDefault(unit => value.EndsWith(unit.Suffix, StringComparison.OrdinalIgnoreCase), ("", 1000));
        const NumberStyles style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign;
        return double.TryParse(value.AsSpan(0, value.Length - suffix.Length), style, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? number * factor
            : null;
    }

    private static string Format(TimeSpan duration)
    {
        var milliseconds = duration.TotalMilliseconds;
        var (suffix, factor) = Units.LastOrDefault(unit => milliseconds >= unit.Milliseconds && milliseconds % unit.Milliseconds == 0, Units[0]);
        return (milliseconds / factor).ToString("0.###", CultureInfo.InvariantCulture) + suffix;
    }
}
