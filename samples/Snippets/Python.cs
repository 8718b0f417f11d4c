using Celeriac;

namespace Snippets;

#region python
public static partial class ImageTasks
{
    [Task("proj.tasks.thumbnail", Queue = "images")]
    public static partial Task<string> ResizeAsync(string path, int width = 800, CancellationToken cancellation = default);

    [Task("proj.tasks.publish", Keywords = true)]           // def publish(*, image_path, notify=True)
    public static partial Task PublishAsync(string imagePath, bool notify = true);
}
#endregion

public static class PythonSnippets
{
    public static async Task CallAsync()
    {
        #region python_call
        string small = await ImageTasks.ResizeAsync("cat.png", 200);                            // sends and waits
        AsyncResult<string> sent = await ImageTasks.ResizeTask.DelayAsync("cat.png", 200);      // only sends
        Signature<string> later = ImageTasks.ResizeTask.S("cat.png");                           // data
        #endregion
        _ = (small, sent, later);
    }

    public static void Fail(int stock)
    {
        #region python_fail
        if (stock == 0)
        {
            throw new CeleryException("HttpError", "shop.errors", "sold out", 409);             // HttpError("sold out", 409)
        }
        #endregion
    }
}

#region python_exception
[CeleryException("OutOfStock", "shop.errors")]              // raised in Python as shop.errors.OutOfStock("…")
public sealed class OutOfStockException(string message) : Exception(message);
#endregion
