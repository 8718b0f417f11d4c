using Celeriac.Messaging;

namespace Celeriac.Protocol;

/// <summary>Celery's headers of a received message, picked out in one pass, still of any type.</summary>
internal struct ReceivedHeaders
{
    public HeaderValue Task;
    public HeaderValue Id;
    public HeaderValue Shadow;
    public HeaderValue Eta;
    public HeaderValue Expires;
    public HeaderValue Group;
    public HeaderValue GroupIndex;
    public HeaderValue Retries;
    public HeaderValue TimeLimit;
    public HeaderValue RootId;
    public HeaderValue ParentId;
    public HeaderValue ArgsRepr;
    public HeaderValue KwargsRepr;
    public HeaderValue Origin;
    public HeaderValue IgnoreResult;
    public HeaderValue Compression;

    /// <summary>Takes the value where the name is one that the worker reads.</summary>
    public void Take(string name, HeaderValue value)
    {
        switch (name)
        {
            case TaskHeader.Task: Task = value; break;
            case TaskHeader.Id: Id = value; break;
            case TaskHeader.Shadow: Shadow = value; break;
            case TaskHeader.Eta: Eta = value; break;
            case TaskHeader.Expires: Expires = value; break;
            case TaskHeader.Group: Group = value; break;
            case TaskHeader.GroupIndex: GroupIndex = value; break;
            case TaskHeader.Retries: Retries = value; break;
            case TaskHeader.TimeLimit: TimeLimit = value; break;
            case TaskHeader.RootId: RootId = value; break;
            case TaskHeader.ParentId: ParentId = value; break;
            case TaskHeader.ArgsRepr: ArgsRepr = value; break;
            case TaskHeader.KwargsRepr: KwargsRepr = value; break;
            case TaskHeader.Origin: Origin = value; break;
            case TaskHeader.IgnoreResult: IgnoreResult = value; break;
            case TaskHeader.Compression: Compression = value; break;
        }
    }
}
