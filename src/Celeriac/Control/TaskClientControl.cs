namespace Celeriac;

/// <summary>Remote control of running workers.</summary>
public static class TaskClientControl
{
    extension(TaskClient client)
    {
        /// <summary>Commands to running workers.</summary>
        public RemoteControl Control => new(client);

        /// <summary>Questions to running workers.</summary>
        public RemoteInspect Inspect => new(client);
    }
}
