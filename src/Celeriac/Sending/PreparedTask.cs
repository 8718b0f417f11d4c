using Celeriac.Messaging;
using Celeriac.Protocol;

namespace Celeriac.Sending;

/// <summary>A task ready to be published.</summary>
/// <param name="Context">What was decided about it.</param>
/// <param name="Queue">The queue it is for.</param>
/// <param name="Publication">The message and where it goes.</param>
/// <param name="IsDeclared">True where the queue is declared by this client; false for an exchange of somebody's own.</param>
internal readonly record struct PreparedTask(EncodeContext Context, string Queue, Publication Publication, bool IsDeclared);

/// <summary>How a call was sent.</summary>
/// <param name="Id">The task's id; of a duplicate, the first one's.</param>
/// <param name="Queue">Where it went; null where it did not, or that is not known.</param>
/// <param name="IsDuplicate">True where the task is unique and an equal one is under way.</param>
internal readonly record struct SentCall(string Id, string? Queue, bool IsDuplicate);
