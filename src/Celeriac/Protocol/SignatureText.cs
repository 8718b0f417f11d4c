using System.Text;
using System.Text.Json;
using Celeriac.Protocol;

namespace Celeriac;

/// <summary>Signatures from and to JSON, in the dictionary form that Celery writes and reads.</summary>
public static class SignatureText
{
    extension(Signature signature)
    {
        /// <summary>The signature in Celery's dictionary form: what Python makes a signature of with <c>signature(json.loads(text))</c>.</summary>
        public string ToJson() => Encoding.UTF8.GetString(SignatureJson.Write(signature).Span);

        /// <summary>A signature from Celery's dictionary form, for example <c>json.dumps(add.s(2, 2))</c>. What is unknown here is kept and written again.</summary>
        /// <param name="json">A JSON object.</param>
        /// <exception cref="JsonException">The text is no JSON, or no signature.</exception>
        public static Signature FromJson(string json)
        {
            ArgumentNullException.ThrowIfNull(json);
            using (JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = SignatureReader.MaximumDepth }))
            {
                // Whole and well-formed, so that what is kept unread can be written again.
            }
            return SignatureReader.Read(Encoding.UTF8.GetBytes(json));
        }
    }
}
