using System.Globalization;
using System.Text.Json;
using Celeriac.Messaging.Serialization;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Celeriac;

/// <summary>A scalar as Python's safe loader understands it (YAML 1.1), in JSON.</summary>
internal static class YamlScalar
{
    private const string Core = "tag:yaml.org,2002:";

    public static void Write(Utf8JsonWriter writer, Scalar scalar)
    {
        var kind = KindOf(scalar);
        switch (kind)
        {
            case YamlKind.Null:
                writer.WriteNullValue();
                break;
            case YamlKind.True or YamlKind.False:
                writer.WriteBooleanValue(kind == YamlKind.True);
                break;
            case YamlKind.Whole:
                writer.WriteRawValue(YamlNumber.Whole(scalar.Value), skipInputValidation: true);
                break;
            case YamlKind.Float:
                WriteFloat(writer, YamlNumber.Float(scalar.Value));
                break;
            case YamlKind.Binary:
                writer.WriteStringValue(Base64Of(scalar.Value));
                break;
            default:
                // A time stays text: that is its plain form.
                writer.WriteStringValue(scalar.Value);
                break;
        }
    }

    /// <summary>The key of a map: what is no text is written as Python's JSON would.</summary>
    public static string KeyOf(Scalar scalar) => KindOf(scalar) switch
    {
        YamlKind.Null => "null",
        YamlKind.True => "true",
        YamlKind.False => "false",
        YamlKind.Whole => YamlNumber.Whole(scalar.Value),
        _ => scalar.Value,
    };

    public static ContentException Refused(TagName tag) =>
        new($"The yaml body has the tag '{YamlReader.Shown(tag.Value)}', but only plain data is read, and nothing that constructs objects. Let the sender use Python's safe_dump.");

    private static YamlKind KindOf(Scalar scalar)
    {
        if (scalar.Tag.IsEmpty)
        {
            return scalar.Style == ScalarStyle.Plain ? YamlNumber.Resolve(scalar.Value) : YamlKind.Text;
        }
        if (scalar.Tag.IsNonSpecific)
        {
            return YamlKind.Text;
        }
        var kind = scalar.Tag.Value.StartsWith(Core, StringComparison.Ordinal) ? scalar.Tag.Value[Core.Length..] : "";
        var meant = YamlNumber.Resolve(scalar.Value);
        return kind switch
        {
            "str" or "timestamp" => YamlKind.Text,
            "binary" => YamlKind.Binary,
            "null" => YamlKind.Null,
            "bool" when meant is YamlKind.True or YamlKind.False => meant,
            "int" when meant == YamlKind.Whole => meant,
            "float" when meant is YamlKind.Whole or YamlKind.Float => YamlKind.Float,
            "bool" or "int" or "float" => throw new ContentException($"The yaml body says that '{YamlReader.Shown(scalar.Value)}' is of type {kind}, which it is not. Let the sender correct it."),
            _ => throw Refused(scalar.Tag),
        };
    }

    private static void WriteFloat(Utf8JsonWriter writer, double value)
    {
        if (!double.IsFinite(value))
        {
            // As TaskJson writes and reads them.
            writer.WriteStringValue(double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
            return;
        }
        var text = value.ToString("R", CultureInfo.InvariantCulture);
        writer.WriteRawValue(text.AsSpan().IndexOfAny('.', 'E') < 0 ? $"{text}.0" : text, skipInputValidation: true);
    }

    private static string Base64Of(string text)
    {
        try
        {
            return Convert.ToBase64String(Convert.FromBase64String(text));
        }
        catch (FormatException error)
        {
            throw new ContentException("The yaml body has a !!binary value that is not base64. Let the sender correct it.", error);
        }
    }
}

/// <summary>What a scalar is.</summary>
internal enum YamlKind
{
    Text,
    Null,
    True,
    False,
    Whole,
    Float,
    Binary,
}
